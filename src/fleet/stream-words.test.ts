import { Duplex, PassThrough } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { hearWords, sayWords } from "./stream-words.ts";

const never = new AbortController().signal;

/** What was said, as bytes. */
function said(words: object): Buffer {
  const wire = new PassThrough();
  sayWords(wire, words as Record<string, never>);
  return wire.read() as Buffer;
}

/** A stream that takes what is pushed into it, and one that nobody writes to. */
function incoming(): Duplex {
  return new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() });
}

test("hearWords() puts words together from pieces of any size, and leaves what comes behind", async () => {
  const bytes = Buffer.concat([said({ result: { n: 1, text: "é" } }), Buffer.from("bytes")]);
  for (const size of [1, 2, 3, 7, bytes.length]) {
    const stream = incoming();
    const heard = hearWords(stream, never);
    for (let at = 0; at < bytes.length; at += size) {
      stream.push(bytes.subarray(at, at + size));
      await turn();
    }
    expect(await heard).toEqual({ result: { n: 1, text: "é" } });
    expect(String(stream.read())).toBe("bytes");
  }
});

test("hearWords() leaves the process to others while somebody says one byte and no second (CAT-60)", async () => {
  const stream = incoming();
  const giveUp = new AbortController();
  const heard = hearWords(stream, giveUp.signal);
  stream.push(Buffer.of(0));
  // Turns of the loop, timers and sockets among them, come only when nobody spins.
  for (let n = 0; n < 100; n++) await turn();
  giveUp.abort(new Error("it took too long"));
  await expect(heard).rejects.toThrow("it took too long");
});

test.each<readonly [string, Buffer, string]>([
  ["announces more than is allowed", Buffer.of(0xff, 0xff, 0xff, 0xff), "MESSAGE_INVALID"],
  ["is no JSON", Buffer.concat([Buffer.of(0, 0, 0, 2), Buffer.from("{]")]), "MESSAGE_INVALID"],
  ["is no object", Buffer.concat([Buffer.of(0, 0, 0, 2), Buffer.from("[]")]), "MESSAGE_INVALID"],
  ["says nothing", Buffer.of(0, 0, 0, 0), "MESSAGE_INVALID"],
  ["ends in the middle", Buffer.of(0, 0, 0, 9, 1), "CONVERSATION_CLOSED"],
])("hearWords() refuses who %s", async (_what, bytes, code) => {
  const stream = incoming();
  stream.push(bytes);
  stream.push(null);
  await expect(hearWords(stream, never)).rejects.toMatchObject({ code });
});
