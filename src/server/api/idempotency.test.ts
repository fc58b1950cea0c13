import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { silentLog, systemClock } from "#core";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { ServerError } from "../errors.ts";
import { openStore } from "../store/store.ts";
import { Answer } from "./answer.ts";
import { Idempotency } from "./idempotency.ts";

const keyed = {
  ...{ caller: "u1", key: "k1", request: ["POST", "/api/things", "{}"], shownOnce: false, mayRepeat: false },
  signal: new AbortController().signal,
};

test("a key that a refusal gave back is RUNNING while another request has it, and never LOST", async () => {
  await using folder = await tempFolder();
  await using store = await openStore({ kind: "sqlite", path: folder.file("server.db") }, silentLog);
  const idempotency = new Idempotency(store, systemClock);
  const [refused, working, done] = [gate(), gate(), gate()];
  const first = idempotency.run(keyed, async () => {
    working.open();
    await refused.opened;
    throw new ServerError("REQUEST_INVALID", "not like that");
  });
  first.catch(() => {});
  await working.opened;

  // The database takes its time: the second request comes before the first has given the key back.
  const held = gate();
  const holding = store.db.transaction().execute(async () => await held.opened);
  refused.open();
  await turns();
  const begun = gate();
  const second = idempotency.run(keyed, async () => {
    begun.open();
    await done.opened;
    return new Answer(200, { made: true });
  });
  await turns();
  held.open();
  await holding;
  await expect(first).rejects.toMatchObject({ code: "REQUEST_INVALID" });
  await begun.opened;

  const third = idempotency.run(keyed, () => Promise.reject(new Error("done twice")));
  await expect(third).rejects.toMatchObject({ code: "IDEMPOTENCY_RUNNING" });
  done.open();
  expect(await second).toMatchObject({ status: 200 });
  const again = await idempotency.run(keyed, () => Promise.reject(new Error("done twice")));
  expect(again).toMatchObject({ status: 200, body: { made: true } });
});

function gate() {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open: () => open(), opened };
}

/** All that can be done without the database has been done. */
async function turns(): Promise<void> {
  for (let n = 0; n < 5; n++) await turn();
}
