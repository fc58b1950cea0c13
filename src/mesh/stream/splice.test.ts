import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { afterEach, describe, expect, test } from "vitest";
import { splice } from "./splice.ts";

const open: Duplex[] = [];
afterEach(() => {
  for (const stream of open.splice(0)) stream.destroy();
});

/** Two ends of a TCP connection. */
async function pair(): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const incoming = once(server, "connection") as Promise<[Socket]>;
  const ours = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const [theirs] = await incoming;
  server.close();
  for (const socket of [ours, theirs]) open.push(socket.on("error", () => {}));
  return [ours, theirs];
}

/** Two clients that are joined by a splice. */
async function joined() {
  const [left, nearLeft] = await pair();
  const [right, nearRight] = await pair();
  return { left, right, nearLeft, nearRight, spliced: splice(nearLeft, nearRight) };
}

async function readAll(stream: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk)).resume();
  await once(stream, "end");
  return Buffer.concat(chunks);
}

/** Unlike `once()` it does not mind an error. */
function closeOf(stream: Duplex): Promise<void> {
  return new Promise((resolve) => void stream.on("close", () => resolve()));
}

describe("splice()", () => {
  test("carries both directions at once and counts them", async () => {
    const { left, right, spliced } = await joined();
    const [there, back] = [Buffer.alloc(5_000_000, 1), Buffer.alloc(3_000_000, 2)];
    left.end(there);
    right.end(back);
    const [atLeft, atRight] = await Promise.all([readAll(left), readAll(right)]);
    expect(atRight.equals(there)).toBe(true);
    expect(atLeft.equals(back)).toBe(true);
    expect(await spliced).toEqual({ toRight: there.length, toLeft: back.length, error: undefined });
  });

  test("an end on one side is an end on the other, and the rest goes on", async () => {
    const { left, right, spliced } = await joined();
    left.end("question");
    expect((await readAll(right)).toString()).toBe("question");
    right.write("half an ");
    right.end("answer");
    expect((await readAll(left)).toString()).toBe("half an answer");
    expect((await spliced).error).toBeUndefined();
  });

  test("a side that breaks takes the other with it, and that does not look like an end", async () => {
    const { left, right, nearLeft, nearRight, spliced } = await joined();
    const error = once(right.resume(), "error");
    left.resetAndDestroy();
    expect((await error)[0]).toMatchObject({ code: "ECONNRESET" });
    expect((await spliced).error).toBeInstanceOf(Error);
    expect([nearLeft.destroyed, nearRight.destroyed]).toEqual([true, true]);
  });

  test("a side that is destroyed without an error does too", async () => {
    const { left, nearLeft, nearRight, spliced } = await joined();
    nearRight.destroy();
    expect(await readAll(left)).toHaveLength(0);
    expect((await spliced).error).toMatchObject({ code: "STREAM_LOST" });
    expect(nearLeft.destroyed).toBe(true);
  });

  test("a side that was closed before is found out", async () => {
    const [left, nearLeft] = await pair();
    const [right, nearRight] = await pair();
    const closed = closeOf(nearRight);
    nearRight.destroy(new Error("broken before"));
    await closed;
    left.resume();
    right.resume();
    expect((await splice(nearLeft, nearRight)).error).toMatchObject({ message: "broken before" });
    expect(nearLeft.destroyed).toBe(true);
  });

  test("a reader who does not read holds up his writer, not our memory", async () => {
    const { left, right, nearLeft, nearRight } = await joined();
    right.pause();
    const chunk = Buffer.alloc(64 * 1024);
    for (let n = 0; n < 1024; n++) left.write(chunk);
    await expect.poll(() => nearRight.writableNeedDrain, { timeout: 20_000 }).toBe(true);
    expect(nearLeft.isPaused()).toBe(true);
    expect(nearRight.writableLength + nearLeft.readableLength).toBeLessThan(512 * 1024);
    left.end();
    expect(await readAll(right)).toHaveLength(1024 * chunk.length);
  });
});
