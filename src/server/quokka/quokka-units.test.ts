import { readdir, readFile } from "node:fs/promises";
import { request } from "node:http";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { systemClock } from "#core";
import { UnitState } from "#work/wire";
import { testQuokka, type TestQuokka } from "../../../test/kit/quokka.ts";
import { quokkaUnits, storeQuokkaUnit } from "../store/quokka.ts";
import { knownUnits } from "../store/units.ts";
import { quokkaCommand } from "./command.ts";
import { UnitIndex } from "../units/unit-index.ts";

afterEach(() => void vi.restoreAllMocks());

const scan = { targets: ["127.0.0.1"] };
const diskFull = new Error("database or disk is full");

/** What the index of all units says of one. */
async function known({ store }: TestQuokka, workerId: string, unit: string) {
  const [row] = await knownUnits(store.db, workerId, [unit]);
  return row;
}

describe("an order", () => {
  test("leaves once, however many heartbeats come at once", async () => {
    await using quokka = await testQuokka();
    await quokka.enter("portscan");
    for (let n = 0; n < 5; n++) await quokka.submit("portscan", scan);
    const all = await Promise.all([quokka.orders("portscan"), quokka.orders("portscan"), quokka.orders("portscan")]);
    const tokens = all.flat().map(({ token }) => token);
    expect([tokens.length, new Set(tokens).size]).toEqual([5, 5]);
  });

  test("that is cancelled while others are on their way to the database stays, as its unit says", async () => {
    await using quokka = await testQuokka();
    const { id } = await quokka.enter("portscan");
    await quokka.submit("portscan", scan);
    const second = await quokka.submit("portscan", scan);
    const leaving = quokka.orders("portscan");
    await quokka.running.units.cancel(id, second);
    expect(await leaving).toHaveLength(1);
    expect((await known(quokka, id, second))?.detail).toBe("cancelled before it was sent");
  });

  test("whose unit could not be stored never leaves, now or after a restart", async () => {
    await using quokka = await testQuokka();
    await quokka.enter("portscan");
    vi.spyOn(UnitIndex.prototype, "put").mockRejectedValueOnce(diskFull);
    const submitting = quokka.submit("portscan", scan);
    expect(await quokka.orders("portscan")).toEqual([]);
    await expect(submitting).rejects.toThrow(diskFull);
    expect(await quokka.orders("portscan")).toEqual([]);
    expect(await quokkaUnits(quokka.store.db)).toEqual([]);
  });

  test("of which it cannot be stored that it leaves goes with the next heartbeat", async () => {
    await using quokka = await testQuokka();
    await quokka.enter("portscan");
    await quokka.submit("portscan", scan);
    vi.spyOn(UnitIndex.prototype, "put").mockRejectedValueOnce(diskFull);
    await expect(quokka.orders("portscan")).rejects.toThrow(diskFull);
    expect(await quokka.orders("portscan")).toHaveLength(1);
    expect(await quokka.orders("portscan")).toEqual([]);
  });
});

const hexdump = "0000  00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f  ................\n";

/** Packets as the program sends them. */
const packets = (count: number) => ({
  ...{ serial: "111-111-111", timestamp: "2026-11-21 20:52:24.32891" },
  packets: Array.from({ length: count }, () => ({ hexdump })),
});

test("a capture that goes on after a restart counts what came before it, to its budget", async () => {
  await using quokka = await testQuokka();
  const worker = await quokka.enter("capture");
  const unit = await quokka.submit("capture", { filter: "arp", packets: 8 });
  await quokka.orders("capture");
  for (const count of [2, 3]) await quokka.running.units.captured(worker, packets(count));
  await quokka.running.units.folder(worker.id, unit).flush();
  const after = await quokka.again();
  await after.units.captured(worker, packets(2));
  expect((await known(quokka, worker.id, unit))?.state).toBe(UnitState.Running);
  await after.units.captured(worker, packets(3));
  const row = await known(quokka, worker.id, unit);
  expect(row).toMatchObject({ state: UnitState.Succeeded, detail: expect.stringMatching(/^8 packets/) as string });
  expect(row?.size).toBe(24 + 8 * 32);
});

test("how far a capture is stands in the index while it goes on", async () => {
  await using quokka = await testQuokka();
  const worker = await quokka.enter("capture");
  const unit = await quokka.submit("capture", { filter: "arp" });
  await quokka.orders("capture");
  for (let n = 0; n < 4; n++) await quokka.running.units.captured(worker, packets(1));
  await quokka.running.units.folder(worker.id, unit).flush();
  await quokka.running.units.look();
  expect((await known(quokka, worker.id, unit))?.size).toBe(24 + 4 * 32);
});

describe("room for results", () => {
  test("is made by giving up the oldest; what has none fails and says so", async () => {
    await using quokka = await testQuokka({ maxStoredBytes: 10_000 });
    const worker = await quokka.enter("portscan");
    const outcomeOf = async (bytes: number) => {
      const unit = await quokka.submit("portscan", scan);
      const [order] = await quokka.orders("portscan");
      const result = { serial: worker.serial, token: order?.["token"] ?? "", result: "x".repeat(bytes) };
      await quokka.running.units.scanned(worker, result);
      const row = await known(quokka, worker.id, unit);
      return { unit, state: row?.state, cause: row?.cause };
    };
    const first = await outcomeOf(3_000);
    expect(first.state).toBe(UnitState.Succeeded);
    expect(await outcomeOf(20_000)).toMatchObject({ state: UnitState.Failed, cause: "STORAGE_FAILED" });
    const second = await outcomeOf(3_000);
    expect(second.state).toBe(UnitState.Succeeded);
    expect(quokka.running.units.storedBytes).toBeLessThanOrEqual(10_000);
    expect((await readdir(join(quokka.folder, worker.id))).includes(first.unit)).toBe(false);
  });
});

test("a result that comes twice while room is made for it is kept once", async () => {
  await using quokka = await testQuokka({ maxStoredBytes: 10_000 });
  const worker = await quokka.enter("portscan");
  const resultOf = async () => {
    const unit = await quokka.submit("portscan", scan);
    const [order] = await quokka.orders("portscan");
    return { unit, said: { serial: worker.serial, token: order?.["token"] ?? "", result: "x".repeat(3_000) } };
  };
  const { units } = quokka.running;
  await units.scanned(worker, (await resultOf()).said);
  const { unit, said } = await resultOf();
  await Promise.all([units.scanned(worker, said), units.scanned(worker, said)]);
  const row = await known(quokka, worker.id, unit);
  expect(row?.state).toBe(UnitState.Succeeded);
  const output = await readFile(join(quokka.folder, worker.id, unit, "output"));
  expect(output.toString().match(/"type":"summary"/g)).toHaveLength(1);
  expect(row?.size).toBe(output.length);
});

describe("an order for a worker's RabbitMQ that the server had not given when it died", () => {
  /** A broker that hangs up, and how often it was called. */
  async function broker() {
    let calls = 0;
    const server = createServer((socket) => {
      calls++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    return { port, calls: () => calls, [Symbol.dispose]: () => void server.close() };
  }

  test.each([
    [60_000, 1, /did not take the order/],
    [3_600_000, 0, /it was down for too long/],
  ])("%i ms ago: it is called %i times, and the unit says why it failed", async (age, calls, why) => {
    using rabbit = await broker();
    await using quokka = await testQuokka();
    const place = { host: `127.0.0.1:${rabbit.port}`, connection: "rabbitmq" } as const;
    const { id } = await quokka.running.workers.add({ serial: "1", type: "portscan", ...place }, "u1");
    const command = quokkaCommand("portscan", { params: JSON.stringify(scan) });
    const job = { unit: "u1", workerId: id, type: "portscan", command, token: "t", params: {}, packets: 0, dropped: 0 };
    const requestedBy = { user: "ada (u1)", level: "operate" };
    const row = JSON.stringify({ ...job, requestedBy, createdAt: Date.now() - age });
    await storeQuokkaUnit(quokka.store.db, { worker_id: id, unit: "u1", job: row });
    await quokka.again();
    await expect.poll(async () => (await known(quokka, id, "u1"))?.detail, { timeout: 30_000 }).toMatch(why);
    expect(await known(quokka, id, "u1")).toMatchObject({ state: UnitState.Failed, cause: "NOT_SENT" });
    expect(rabbit.calls()).toBe(calls);
  });
});

test("bodies of all connections together are held to a limit, and others get through afterwards", async () => {
  await using quokka = await testQuokka({ settings: { listen: { host: "127.0.0.1", port: 0 } } });
  const { port = 0 } = quokka.running.address ?? {};
  const post = (path: string, body: string) =>
    new Promise<number>((resolve, reject) => {
      const sent = request({
        port,
        host: "127.0.0.1",
        method: "POST",
        path,
        headers: { "content-length": body.length },
      });
      sent.on("response", (answer) => resolve(answer.resume().statusCode ?? 0)).on("error", reject);
      sent.end(body);
    });
  // Nearly all of the room; a body that comes in one piece is more than there is left.
  const held = await Promise.all(
    [15_900_000, 15_900_000, 15_900_000, 15_900_000, 3_490_000].map(async (bytes) => {
      const socket = connect(port, "127.0.0.1").on("error", () => {});
      const head = "POST /traceroute/store HTTP/1.1\r\nHost: q\r\nContent-Length: 16000000\r\n\r\n";
      const sent = Buffer.concat([Buffer.from(head), Buffer.alloc(bytes)]);
      await new Promise<void>((resolve) => void socket.write(sent, () => resolve()));
      return socket;
    }),
  );
  const said = { source: "s", serial: "1", target: "t", timestamp: "now" };
  const one = JSON.stringify({ ...said, traceroute_img: "x".repeat(30_000) });
  await expect.poll(() => post("/traceroute/store", one).catch(() => 0), { timeout: 25_000 }).toBe(400);
  for (const socket of held) socket.destroy();
  await expect.poll(() => post("/traceroute/store", one), { timeout: 25_000 }).toBe(200);
});

test("an ending that could not be stored is stored later, and its unit is not forgotten before", async () => {
  let now = Date.now();
  const clock = { ...systemClock, now: () => now, elapsed: () => now };
  await using quokka = await testQuokka({ clock });
  const { id } = await quokka.enter("portscan");
  const unit = await quokka.submit("portscan", scan);
  await quokka.orders("portscan");
  const put = vi.spyOn(UnitIndex.prototype, "put").mockRejectedValue(diskFull);
  await expect(quokka.running.units.cancel(id, unit)).rejects.toThrow(diskFull);
  now += 3_600_000;
  await expect(quokka.running.units.look()).rejects.toThrow(diskFull);
  expect((await known(quokka, id, unit))?.state).toBe(UnitState.Pending);
  put.mockRestore();
  await quokka.running.units.look();
  expect((await known(quokka, id, unit))?.state).toBe(UnitState.Canceled);
});
