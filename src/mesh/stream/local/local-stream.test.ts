import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { buffer, text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { localPair } from "./local-stream.ts";

const pair = () => localPair("alpha", "svc", "eph");

test("each end is told who the other is", () => {
  const { dialer, listener } = pair();
  expect([dialer.remoteNode, dialer.remoteService]).toEqual(["alpha", "svc"]);
  expect([listener.remoteNode, listener.remoteService]).toEqual(["alpha", "eph"]);
});

test.each(["dialer", "listener"] as const)("half-closed by its %s it goes on in the other direction", async (first) => {
  const { dialer, listener } = pair();
  const [one, other] = first === "dialer" ? [dialer, listener] : [listener, dialer];
  one.end("first");
  const heard: string[] = [];
  other.on("data", (chunk: Buffer) => heard.push(chunk.toString()));
  await once(other, "end");
  expect(heard).toEqual(["first"]);
  const rest: string[] = [];
  one.on("data", (chunk: Buffer) => rest.push(chunk.toString()));
  for (let n = 0; n < 5; n++) {
    other.write(`${n} `);
    await sleep(2);
  }
  other.end("end");
  await once(one, "end");
  expect(rest.join("")).toBe("0 1 2 3 4 end");
  for (const stream of [one, other]) if (!stream.closed) await once(stream, "close");
});

test("large and small writes arrive whole and in order, and their memory may be used again", async () => {
  const { dialer, listener } = pair();
  const bytes = randomBytes(3_000_000);
  const received = buffer(listener);
  const memory = Buffer.alloc(100_000);
  for (let at = 0; at < bytes.length; at += memory.length) {
    bytes.copy(memory, 0, at);
    await new Promise((resolve) => dialer.write(memory, resolve));
    memory.fill(0);
  }
  dialer.end();
  expect((await received).equals(bytes)).toBe(true);
});

test("a writer is held back when nobody reads, and all arrives when somebody does", async () => {
  const { dialer, listener } = pair();
  const block = Buffer.alloc(64 * 1024);
  let written = 0;
  while (!dialer.writableNeedDrain) {
    dialer.write(block);
    written += block.length;
    await sleep(1);
  }
  expect(written).toBeLessThan(2 * 1024 * 1024);
  await sleep(50);
  expect(dialer.writableNeedDrain).toBe(true);
  dialer.end();
  expect(await buffer(listener)).toHaveLength(written);
});

test("two ends that answer each other's every word do not call themselves", async () => {
  const { dialer, listener } = pair();
  let words = 0;
  for (const stream of [dialer, listener])
    stream.on("data", (chunk: Buffer) => {
      if (words++ < 20_000) stream.write(chunk);
      else dialer.destroy();
    });
  dialer.write("x");
  await once(dialer, "close");
  expect(words).toBeGreaterThan(20_000);
});

describe("destroyed", () => {
  test("by its listener without an end it reads as an ordinary end at the dialer, whose writes then fail", async () => {
    const { dialer, listener } = pair();
    listener.write("something");
    expect(String((await once(dialer, "data"))[0])).toBe("something");
    listener.destroy();
    await Promise.all([once(dialer, "end"), once(dialer, "close")]);
    expect(dialer.errored).toBeNull();
    expect(dialer.writable).toBe(false);
  });

  test("by its dialer without an end it is broken at the listener: half a payload is not a payload", async () => {
    const { dialer, listener } = pair();
    dialer.write("something");
    await once(listener.resume(), "data");
    dialer.destroy();
    const [error] = (await once(listener, "error")) as [Error];
    expect(error).toMatchObject({ code: "STREAM_LOST", message: "the stream to alpha:eph was closed before its end" });
  });

  test.each(["dialer", "listener"] as const)("with an error by its %s it is broken at the other end", async (who) => {
    const { dialer, listener } = pair();
    const [one, other] = who === "dialer" ? [dialer, listener] : [listener, dialer];
    one.write("something");
    one.destroy(new Error("the disk is full"));
    const [error] = (await once(other.resume(), "error")) as [Error];
    expect(error).toMatchObject({ code: "STREAM_LOST", message: expect.stringContaining("was broken off") });
  });

  test("behind its end all of that is still delivered, and what the other end says is dropped", async () => {
    const { dialer, listener } = pair();
    dialer.end(Buffer.alloc(200_000));
    await once(dialer, "finish");
    dialer.destroy();
    listener.write("nobody hears this");
    expect(await buffer(listener)).toHaveLength(200_000);
    if (!listener.closed) await once(listener, "close");
  });

  test("while the other end writes and reads nothing, the writer hears of it", async () => {
    const { dialer, listener } = localPair("alpha", "svc", "eph", 20);
    listener.write("unread");
    await once(dialer, "readable");
    listener.destroy();
    const failed = once(dialer, "error");
    while (!dialer.destroyed) {
      dialer.write("more");
      await sleep(5);
    }
    expect((await failed)[0]).toMatchObject({ code: "STREAM_LOST", message: expect.stringContaining("far end") });
  });

  test("while the other end writes and reads slowly, the reader gets everything before the writer hears of it", async () => {
    const { dialer, listener } = localPair("alpha", "svc", "eph", 500);
    listener.resume().end(Buffer.alloc(200_000));
    await once(listener, "finish");
    listener.destroy();
    const failed = once(dialer, "error");
    await once(dialer, "readable");
    dialer.write("more");
    let read = 0;
    // Many small reads: all together take far longer than the farewell.
    while (read < 200_000 && !dialer.destroyed) {
      await sleep(20);
      read += (dialer.read(2000) ?? []).length;
    }
    expect(read).toBe(200_000);
    dialer.resume();
    expect((await failed)[0]).toMatchObject({ code: "STREAM_LOST", message: expect.stringContaining("far end") });
  });

  test("it is over for a reader that comes late, who still reads everything", async () => {
    const { dialer, listener } = pair();
    dialer.end("all of it");
    await once(dialer, "finish");
    await sleep(20);
    listener.end();
    expect(await text(listener)).toBe("all of it");
  });
});
