import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Clock, silentLog, systemClock } from "#core";
import { FleetError, type JsonObject, type UnitNews as News, unitsChanged, unitsKnown } from "#fleet";
import { openStore } from "../../../src/server/store/store.ts";
import { listUnits } from "../../../src/server/store/units.ts";
import { UnitIndex } from "../../../src/server/units/unit-index.ts";
import { UnitNews } from "../../../src/worker/agent/unit-news.ts";
import { eventually, type TestJson, type TestUser } from "../../kit/api.ts";
import { type HostileWorker, hostileWorker } from "../../kit/hostile-worker.ts";
import { insertTestWorker } from "../../kit/test-worker.ts";
import { openTestNode } from "../../kit/units.ts";
import { wholeServer, type WholeServer } from "../../kit/whole-server.ts";

let server: WholeServer;
let ann: TestUser;
let workerId: string;

beforeAll(async () => {
  server = await wholeServer();
  const shell = { worktype: "sh", command: "sh", params: "-s", allowruntimeparams: true };
  ({ workerId } = await server.worker("shed", { sections: [{ "work-command": shell }] }));
  ann = await server.user("ann", "operator");
}, 120_000);
afterAll(() => server?.[Symbol.asyncDispose](), 60_000);

/** The units of a worker as the server knows them. */
async function listed(query = ""): Promise<readonly TestJson[]> {
  return (await server.ask("GET", `/api/units?worker=shed${query}`, { auth: ann.auth })).json.items;
}

describe("the server's index of units", () => {
  test("follows a unit from its order to its removal", async () => {
    const socket = await server.socket("/api/live", ann.auth);
    socket.socket.send(JSON.stringify({ topics: ["units"] }));
    const units = `/api/workers/${workerId}/units`;
    const params = { params: "-- -e", secret_key: "sesame" };
    const body = { workType: "sh", payload: "echo hello", params };
    const { json, status, text } = await server.ask("POST", units, { auth: ann.auth, body });
    expect(status, text).toBe(201);
    const unit = String(json["unit"]);
    await eventually(() => listed("&state=succeeded")).toMatchObject([
      { id: unit, workType: "sh", stdoutSize: 6, exitCode: 0, connected: true, worker: { id: workerId, name: "shed" } },
    ]);
    const [row] = await listed();
    expect(row).toMatchObject({ params: { params: "-- -e" } });
    expect(row).toMatchObject({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/), requestedBy: { level: "operate" } });
    expect(JSON.stringify(row)).not.toContain("sesame");
    expect(await listed("&user=ann")).toHaveLength(1);
    expect((await server.ask("DELETE", `${units}/${unit}`, { auth: ann.auth })).status).toBe(200);
    await eventually(() => listed("&released=true")).toMatchObject([{ id: unit, stateName: "Succeeded" }]);
    // Whoever watched has seen it begin, end and go.
    for (let told: TestJson; ; ) {
      told = await socket.next();
      const { unit: about = {} } = told as { readonly unit?: JsonObject };
      if (about["id"] === unit && about["releasedAt"] !== undefined) break;
    }
  });
});

describe("a worker that means no good", () => {
  let evil: HostileWorker;
  beforeAll(async () => {
    const { token } = await server.running.core.enrolments.make({}, "u1");
    evil = await hostileWorker(server.folder.file("evil"), server.url, token);
  }, 60_000);
  afterAll(() => evil?.[Symbol.asyncDispose]());

  const news = (id: string, more: Partial<News> = {}): News => ({
    ...{ id, state: 1, detail: "", workType: "sh", stdoutSize: 0, createdAt: 1, ...more },
  });
  const batch = (more: JsonObject = {}) => ({
    ...{ epoch: "epoch-one", compare: true, whole: true, sequence: 1, changed: [], released: [], ...more },
  });

  test("tells of no units but its own, in no words but these, and not without end", async () => {
    const mine = await listed();
    const line = await evil.converse();
    const tell = (more: JsonObject) => line.call(unitsChanged, batch(more));
    const [known] = mine;
    // The id of somebody else's unit is one of its own; there is no field for a worker.
    await tell({ changed: [news(String(known?.["id"]), { detail: "owned" })] as never });
    await tell({ epoch: "epoch-two", released: [String(known?.["id"])] });
    // Nobody knows such words, neither of a batch nor of a unit: they are left out, and name nobody else's units.
    for (const field of ["worker", "workerId", "worker_id"]) {
      const given = news(`given${field.length}`, { [field]: workerId });
      await tell({ epoch: "epoch-two", [field]: workerId, changed: [given] as never });
    }
    for (const wrong of [{ state: 9 }, { createdAt: -1 }, { params: { p: "x".repeat(9_000) } }, { id: "../a" }])
      await expect(tell({ changed: [news("a", wrong as never)] as never })).rejects.toMatchObject({
        code: "PARAMS_INVALID",
      });
    const many = Array.from({ length: 201 }, (_, n) => news(`n${n}`));
    await expect(tell({ changed: many })).rejects.toMatchObject({ code: "PARAMS_INVALID" });
    const again = await listed();
    expect(again.map(({ id }) => id)).toEqual(mine.map(({ id }) => id));
    expect(JSON.stringify(again)).not.toContain("owned");

    // It lies about how far it is: that is its own loss.
    const later = { epoch: "epoch-two", compare: false };
    await tell({ ...later, sequence: Number.MAX_SAFE_INTEGER });
    await expect(tell({ ...later, sequence: 5 })).rejects.toMatchObject({ code: "UNITS_OUT_OF_STEP" });
    await expect(tell({ ...later, epoch: "epoch-six" })).rejects.toMatchObject({ code: "UNITS_OUT_OF_STEP" });

    const flood = await Promise.allSettled(Array.from({ length: 500 }, () => line.call(unitsKnown, {})));
    const refused = flood.find(({ status }) => status === "rejected");
    expect(refused).toMatchObject({ reason: { code: "RATE_LIMITED" } });
    expect(await listed()).toHaveLength(mine.length);
  }, 60_000);
});

/** No pauses but those of the machine. */
const quick: Pick<Clock, "sleep"> = { sleep: (_ms, signal) => systemClock.sleep(1, signal) };

test("a mirror is whole again after cuts, lost answers, and restarts of either side", async () => {
  await using node = await openTestNode();
  await using store = await openStore({ kind: "sqlite", path: node.folder.file("server.db") }, silentLog);
  const worker = await insertTestWorker(store, "w1");
  const at = { index: new UnitIndex({ store, clock: systemClock }) };
  const trouble = { fail: (_method: string): "before" | "after" | undefined => undefined };
  const counted = { batches: 0, comparisons: 0 };
  const call = async (method: { readonly name: string }, params: never): Promise<never> => {
    const failing = trouble.fail(method.name);
    const lost = new FleetError("PEER_RESTARTED", "cut");
    if (failing === "before") throw lost;
    if (method.name === "units.known") return (await at.index.known(worker)) as never;
    counted.batches++;
    if ((params as { whole: boolean }).whole) counted.comparisons++;
    await at.index.take(worker, params);
    if (failing === "after") throw lost;
    return {} as never;
  };
  const started = () => {
    const stop = new AbortController();
    const { units } = node;
    const telling = new UnitNews({
      units,
      conversation: { call: call },
      clock: quick,
      log: silentLog,
      signal: stop.signal,
    });
    const over = telling.run();
    telling.registered();
    return { telling, stop: async () => (stop.abort(new Error("stop")), await over) };
  };
  const mirrored = async (): Promise<string[]> =>
    (await listUnits(store.db, { limit: 1_000, released: false })).map(({ unit, state }) => `${unit} ${state}`).sort();
  const there = (): string[] =>
    Object.entries(node.units.list())
      .map(([id, { State }]) => `${id} ${State}`)
      .sort();
  const same = () => eventually(async () => (await mirrored()).join()).toBe(there().join());
  const make = (count: number) =>
    Array.from({ length: count }, () => node.units.allocate({ workType: "sh", params: { params: "-c :" } }).id);

  let run = started();
  const ids = make(450);
  await same();
  expect(counted.comparisons).toBe(1);
  // The answer of a batch is lost: it was taken, and is not taken twice.
  let n = 0;
  trouble.fail = (name) => (name === "units.changed" && n++ % 3 === 0 ? (n % 2 === 0 ? "before" : "after") : undefined);
  await node.units.release(ids.pop() as string, { force: true, signal: AbortSignal.timeout(10_000) });
  make(30);
  await same();
  // Another run of the server over the same database goes on where the one before was.
  trouble.fail = () => undefined;
  const before = { ...counted };
  at.index = new UnitIndex({ store, clock: systemClock });
  run.telling.registered();
  make(1);
  await same();
  expect(counted.comparisons).toBe(before.comparisons);
  expect(counted.batches - before.batches).toBeLessThan(4);
  // Another run of the worker compares; what went meanwhile is known to be gone.
  await run.stop();
  await node.units.release(ids.pop() as string, { force: true, signal: AbortSignal.timeout(10_000) });
  run = started();
  await same();
  expect(counted.comparisons).toBe(before.comparisons + 1);
  // The database of yesterday: nothing is lost either.
  await store.db.deleteFrom("unit").execute();
  await store.db.deleteFrom("unit_position").execute();
  run.telling.registered();
  await same();
  await run.stop();
}, 120_000);
