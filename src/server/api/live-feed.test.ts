import { expect, test } from "vitest";
import { describeWithStores } from "../../../test/kit/stores.ts";
import { insertWorker } from "../store/workers.ts";
import { LiveFeed } from "./live-feed.ts";

const row = {
  ...{ id: "w", name: "w", node: "w", public_key: "", machine_id: "", instance: "", mode: "system", version: "1" },
  ...{ labels: "{}", cause: "", state: "online", enrolment_id: "e", epoch: 1, created_at: 0, seen_at: null },
  ...{ cloneable: 0, state_since: 0, reported_address: null, observed_address: null, configured_address: null },
};
const change = (cause: string) => ({ workerId: "w", state: "online", cause, since: 1 }) as const;

describeWithStores("the live feed", ({ open }) => {
  test("a change that could not be read makes whoever follows begin again: nobody takes the rest for all of it", async () => {
    await using store = await open();
    await insertWorker(store.db, row);
    const feed = new LiveFeed(store);
    const limit = AbortSignal.timeout(30_000);
    feed.changed(change("first"));
    await feed.more(0, limit);
    const { position } = feed;
    expect(feed.numberOf(position)).toBe(1);
    await store.db.schema.alterTable("worker").renameTo("elsewhere").execute();
    feed.changed(change("unread"));
    await feed.more(1, limit);
    await store.db.schema.alterTable("elsewhere").renameTo("worker").execute();
    expect(feed.after(1, 10)).toBeUndefined();
    expect(feed.numberOf(position)).toBeUndefined();
    const now = feed.numberOf(feed.position);
    feed.changed(change("third"));
    await feed.more(now ?? -1, limit);
    expect(feed.after(now ?? -1, 10)?.map(({ worker }) => worker.cause)).toEqual(["third"]);
  });
});
