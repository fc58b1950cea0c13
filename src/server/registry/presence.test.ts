import { expect, test } from "vitest";
import { describeWithStores } from "../../../test/kit/stores.ts";
import type { Store } from "../store/store.ts";
import { workerEvents } from "../store/worker-events.ts";
import { insertWorker, workerStates } from "../store/workers.ts";
import { Presence, type PresenceChange } from "./presence.ts";

/** Time moves by the second, with a look each second. */
function watched(store: Store) {
  const time = { now: 1_000_000 };
  const clock = { now: () => time.now, elapsed: () => time.now, sleep: () => Promise.resolve() };
  const changes: PresenceChange[] = [];
  const presence = new Presence({ store, clock, changed: (change) => void changes.push(change) });
  const pass = (seconds: number): void => {
    for (let n = 0; n < seconds; n++) {
      time.now += 1_000;
      presence.check();
    }
  };
  return { time, presence, changes, pass };
}

function workerRow(id: string, state = "online") {
  const texts = { public_key: "", machine_id: "", instance: "", mode: "system", version: "1", labels: "{}", cause: "" };
  const addresses = { reported_address: null, observed_address: null, configured_address: null };
  const numbers = { epoch: 1, created_at: 0, seen_at: null, cloneable: 0, state_since: 0 };
  return { id, name: id, node: id, state, enrolment_id: "e", ...texts, ...addresses, ...numbers };
}

describeWithStores("presence", ({ open }) => {
  test("a worker is late after two missed heartbeats, lost after three, and says why and since when", async () => {
    await using store = await open();
    await insertWorker(store.db, workerRow("w"));
    const { presence, pass } = watched(store);
    presence.joined("w", 1);
    pass(29);
    expect(presence.state("w")).toMatchObject({ state: "online", since: 1_000_000 });
    pass(1);
    expect(presence.state("w")).toEqual({ state: "late", cause: "no heartbeat for 30 s", since: 1_030_000 });
    presence.heard("w", 1);
    expect(presence.state("w")).toEqual({ state: "online", cause: "heard again", since: 1_030_000 });
    pass(44);
    expect(presence.state("w")).toMatchObject({ state: "late" });
    pass(1);
    expect(presence.state("w")).toEqual({ state: "lost", cause: "no heartbeat for 45 s", since: 1_075_000 });
    await presence.flush();
    const events = await workerEvents(store.db, 0, 10, "w");
    expect(events.map(({ state, at }) => [state, at])).toEqual([
      ["late", 1_030_000],
      ["online", 1_030_000],
      ["late", 1_060_000],
      ["lost", 1_075_000],
    ]);
    expect(await workerStates(store.db)).toEqual([
      { id: "w", state: "lost", cause: "no heartbeat for 45 s", state_since: 1_075_000, seen_at: 1_030_000 },
    ]);
  });

  test("CAT-41: what is wrong with its work is told while it is there, an event when it begins and one when it is over", async () => {
    await using store = await open();
    await insertWorker(store.db, workerRow("w"));
    const { presence, changes, pass } = watched(store);
    presence.joined("w", 1);
    pass(10);
    for (const trouble of ["inbox: a", "inbox: a", "inbox: b"]) presence.heard("w", 1, trouble);
    expect(presence.state("w")).toMatchObject({ state: "online", since: 1_000_000, trouble: "inbox: b" });
    expect(changes.map(({ trouble }) => trouble)).toEqual([undefined, "inbox: a", "inbox: b"]);
    presence.heard("w", 1);
    expect(presence.state("w")).toEqual({ state: "online", cause: "registered", since: 1_000_000 });
    presence.heard("w", 1, "inbox: c");
    pass(45);
    expect(presence.state("w")).toEqual({ state: "lost", cause: "no heartbeat for 45 s", since: 1_055_000 });
    await presence.flush();
    expect((await workerEvents(store.db, 0, 10, "w")).map(({ at, state, cause }) => [at, state, cause])).toEqual([
      [1_010_000, "online", "inbox: a"],
      [1_010_000, "online", "no longer: inbox: b"],
      [1_010_000, "online", "inbox: c"],
      [1_040_000, "late", "no heartbeat for 30 s"],
      [1_055_000, "lost", "no heartbeat for 45 s"],
    ]);
    expect(await workerStates(store.db)).toMatchObject([{ id: "w", state: "lost", state_since: 1_055_000 }]);
  });

  test("a lost worker that is heard again, after a long cut, is there again", async () => {
    await using store = await open();
    await insertWorker(store.db, workerRow("w"));
    const { presence, changes, pass } = watched(store);
    presence.joined("w", 1);
    presence.cut("w", 1);
    pass(60);
    expect(presence.state("w")).toMatchObject({ state: "lost" });
    // The conversation goes on where it was: nobody registers for that.
    presence.resumed("w", 1);
    presence.heard("w", 1);
    expect(presence.state("w")).toMatchObject({ state: "online", cause: "heard again" });
    expect(presence.isLive("w")).toBe(true);
    pass(45);
    expect(changes.map(({ state }) => state)).toEqual(["online", "late", "lost", "online", "late", "lost"]);
    presence.stopped("w", 1, "SIGTERM");
    expect(presence.state("w")).toMatchObject({ state: "stopped", cause: "SIGTERM" });
  });

  test("a lost worker whose place another instance has taken is not heard any more, and neither is a removed one", async () => {
    await using store = await open();
    const { presence, pass } = watched(store);
    for (const id of ["a", "b"]) presence.joined(id, 1);
    pass(45);
    presence.joined("a", 2);
    pass(45);
    presence.left("b");
    for (const id of ["a", "b"]) presence.heard(id, 1);
    expect(presence.state("a")).toMatchObject({ state: "lost" });
    expect(presence.state("b")).toBeUndefined();
  });

  test("the three ends of a worker look different", async () => {
    await using store = await open();
    const { presence, changes, pass } = watched(store);
    for (const id of ["a", "b", "c"]) presence.joined(id, 1);
    presence.stopped("a", 1, "SIGTERM");
    presence.left("b");
    pass(45);
    const last = (id: string) => changes.findLast(({ workerId }) => workerId === id);
    expect(last("a")).toMatchObject({ state: "stopped", cause: "SIGTERM" });
    expect(last("b")).toMatchObject({ state: "removed" });
    expect(last("c")).toMatchObject({ state: "lost" });
    expect(presence.state("b")).toBeUndefined();
  });

  test("what an earlier registration still says does not count", async () => {
    await using store = await open();
    const { presence, pass } = watched(store);
    presence.joined("w", 1);
    presence.joined("w", 2);
    presence.cut("w", 1);
    presence.stopped("w", 1, "old");
    expect(presence.isLive("w")).toBe(true);
    pass(20);
    presence.heard("w", 1);
    pass(25);
    expect(presence.state("w")).toMatchObject({ state: "lost" });
  });

  test("nobody is late because this server was stopped for a while", async () => {
    await using store = await open();
    const { presence, pass, time } = watched(store);
    presence.joined("w", 1);
    pass(10);
    time.now += 300_000;
    presence.check();
    expect(presence.state("w")).toMatchObject({ state: "online" });
    pass(35);
    expect(presence.state("w")).toMatchObject({ state: "lost" });
  });

  test("after a restart those that were there have three heartbeats to come back", async () => {
    await using store = await open();
    for (const id of ["a", "b"]) await insertWorker(store.db, workerRow(id));
    await insertWorker(store.db, workerRow("s", "stopped"));
    const { presence, pass } = watched(store);
    await presence.load();
    pass(44);
    presence.joined("a", 2);
    pass(1);
    expect(presence.state("a")).toMatchObject({ state: "online" });
    expect(presence.state("b")).toMatchObject({ state: "lost" });
    expect(presence.state("s")).toMatchObject({ state: "stopped" });
  });

  test("ten thousand workers are a few statements, and a removed one stays removed", async () => {
    await using store = await open();
    const ids = Array.from({ length: 10_000 }, (_, n) => `w${n}`);
    for (let from = 0; from < ids.length; from += 1_000)
      await store.db
        .insertInto("worker")
        .values(ids.slice(from, from + 1_000).map((id) => workerRow(id, id === "w7" ? "removed" : "online")))
        .execute();
    const { presence, pass } = watched(store);
    for (const id of ids) presence.joined(id, 1);
    pass(45);
    await presence.flush();
    const states = await workerStates(store.db);
    expect(states).toHaveLength(9_999);
    expect(states.every(({ state, seen_at }) => state === "lost" && seen_at === 1_000_000)).toBe(true);
    expect(await workerEvents(store.db, 0, 30_000)).toHaveLength(20_000);
  });

  test("runs by itself until it is told to end, and stores the last of it then", async () => {
    await using store = await open();
    await insertWorker(store.db, workerRow("w"));
    const ending = new AbortController();
    let seconds = 0;
    const clock = {
      now: () => seconds * 1_000,
      elapsed: () => seconds * 1_000,
      sleep: () => {
        if (++seconds === 46) ending.abort();
        return Promise.resolve();
      },
    };
    const presence = new Presence({ store, clock });
    presence.joined("w", 1);
    const troubles: unknown[] = [];
    await presence.run(ending.signal, (error) => troubles.push(error));
    expect(troubles).toEqual([]);
    expect((await workerEvents(store.db, 0, 10)).map(({ state, at }) => [state, at])).toEqual([
      ["late", 30_000],
      ["lost", 45_000],
    ]);
  });

  test("last words that no database takes as they are keep nobody else's state from being stored", async () => {
    await using store = await open();
    for (const id of ["hostile", "w"]) await insertWorker(store.db, workerRow(id));
    const { presence, pass } = watched(store);
    for (const id of ["hostile", "w"]) presence.joined(id, 1);
    presence.stopped("hostile", 1, "stopped: a\0b \ud800");
    pass(45);
    await presence.flush();
    expect((await workerStates(store.db)).map(({ id, state, cause }) => [id, state, cause])).toEqual([
      ["hostile", "stopped", "stopped: a\u{fffd}b \u{fffd}"],
      ["w", "lost", "no heartbeat for 45 s"],
    ]);
  });

  test("what cannot be stored now is stored with the next", async () => {
    await using store = await open();
    await insertWorker(store.db, workerRow("w"));
    const { presence, pass } = watched(store);
    presence.joined("w", 1);
    pass(30);
    await store.db.schema.alterTable("worker_event").renameTo("elsewhere").execute();
    await expect(presence.flush()).rejects.toThrow(/worker_event/);
    await store.db.schema.alterTable("elsewhere").renameTo("worker_event").execute();
    await presence.flush();
    expect(await workerStates(store.db)).toMatchObject([{ state: "late", seen_at: 1_000_000 }]);
    expect(await workerEvents(store.db, 0, 10)).toMatchObject([{ state: "late" }]);
  });
});
