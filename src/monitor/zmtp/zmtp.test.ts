import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { heardBy } from "../../../test/kit/monitor.ts";
import { encodeFrame } from "./frame-reader.ts";
import { greeting } from "./greeting.ts";
import { ZmtpPeer } from "./peer.ts";

const limits = { frameBytes: 1_000, messageBytes: 3_000 };
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ""), "hex");

/** What libzmq 4.3 says first: it writes a length into the padding of the signature. */
const theirGreeting = hex(`ff 00000000 00000001 7f 03 01 4e554c4c ${"00".repeat(48)}`);
const theirReady = hex(
  "04 29 05 5245414459 0b 536f636b65742d54797065 00000006 524f55544552 08 4964656e74697479 00000000",
);
const started = hex("01 05 6a6f625f31 00 07 53544152544544");

function meet(): ZmtpPeer {
  const peer = new ZmtpPeer("recodex-monitor", limits);
  heardBy(peer, Buffer.concat([theirGreeting, theirReady]));
  return peer;
}

const texts = ({ messages }: ReturnType<typeof heardBy>): string[][] =>
  messages.map((parts) => parts.map((part) => part.toString()));
const command = (name: string, rest: Buffer = Buffer.alloc(0)): Buffer =>
  encodeFrame(Buffer.concat([Buffer.of(name.length), Buffer.from(name), rest]), { isCommand: true });

describe("ZmtpPeer (ReCodEx specification §6)", () => {
  test("says and hears what was seen on the wire", () => {
    const peer = new ZmtpPeer("recodex-monitor", limits);
    expect(peer.opening).toEqual(hex(`ff 0000000000000000 7f 03 01 4e554c4c ${"00".repeat(48)}`));
    const { answer } = heardBy(peer, theirGreeting);
    const identity = `08 4964656e74697479 0000000f ${Buffer.from("recodex-monitor").toString("hex")}`;
    expect(Buffer.concat(answer)).toEqual(
      hex(`04 38 05 5245414459 0b 536f636b65742d54797065 00000006 524f55544552 ${identity}`),
    );
    expect(peer.isReady).toBe(false);
    expect(heardBy(peer, theirReady)).toMatchObject({ messages: [], answer: [] });
    expect(peer.isReady).toBe(true);
    expect(texts(heardBy(peer, started))).toEqual([["job_1", "STARTED"]]);
  });

  test("answers PING with PONG and its context, and passes on how much silence the peer allows", () => {
    const { answer, silenceMs } = heardBy(meet(), command("PING", hex("0032 6869")));
    expect(Buffer.concat(answer)).toEqual(command("PONG", Buffer.from("hi")));
    expect(silenceMs).toBe(5_000);
  });

  test("drops parts that nobody looks at, and commands it does not know", () => {
    const many = Array.from({ length: 40 }, (_, n) => encodeFrame(Buffer.from(`${n}`), { hasMore: n < 39 }));
    const received = heardBy(meet(), Buffer.concat([command("SUBSCRIBE"), ...many, started]));
    expect(texts(received).map((parts) => parts.length)).toEqual([16, 2]);
    expect(received.fault).toBeUndefined();
  });

  test("hands out what came before a fault", () => {
    const { messages, fault } = heardBy(meet(), Buffer.concat([started, Buffer.of(0xf0, 0)]));
    expect(messages).toHaveLength(1);
    expect(fault).toMatchObject({ code: "ZMTP_REFUSED" });
  });

  const wrong = (at: number, byte: number): Buffer => {
    const bytes = Buffer.from(greeting);
    bytes[at] = byte;
    return bytes;
  };
  const pull = hex("04 1a 05 5245414459 0b 536f636b65742d54797065 00000004 50554c4c");

  test.each<[string, Buffer, RegExp]>([
    ["a browser, at its first byte", Buffer.from("G"), /signature/],
    ["another signature", wrong(9, 0x7e), /signature/],
    ["version 2", wrong(10, 2), /version 2/],
    ["another mechanism", wrong(12, 0x58), /mechanism is "XULL"/],
    ["a socket that neither side is for", Buffer.concat([theirGreeting, pull]), /socket is "PULL"/],
    ["a message before READY", Buffer.concat([theirGreeting, started]), /before it said READY/],
    ["a READY that is cut", Buffer.concat([theirGreeting, command("READY", hex("0b 53"))]), /READY is malformed/],
    ["an error", Buffer.concat([theirGreeting, command("ERROR", hex("02 6e6f"))]), /ended with an error: no/],
    ["a frame with flags that mean nothing", Buffer.concat([theirGreeting, theirReady, hex("08 00")]), /flags 8/],
    [
      "a long frame, by its header",
      Buffer.concat([theirGreeting, theirReady, hex("02 7fffffffffffffff")]),
      /1000 are allowed/,
    ],
    [
      "a PING that is too long",
      Buffer.concat([theirGreeting, theirReady, command("PING", Buffer.alloc(40))]),
      /PING is malformed/,
    ],
  ])("cuts off %s", (_name, bytes, why) => {
    const { fault } = heardBy(new ZmtpPeer("recodex-monitor", limits), bytes);
    expect(fault?.code).toBe("ZMTP_REFUSED");
    expect(fault?.message).toMatch(why);
  });

  test("cuts off a message whose frames are too much together", () => {
    const part = encodeFrame(Buffer.alloc(900), { hasMore: true });
    const { fault } = heardBy(meet(), Buffer.concat(Array.from({ length: 4 }, () => part)));
    expect(fault?.message).toMatch(/more than 3000 bytes/);
  });

  test("reads the same, however the bytes come in pieces", () => {
    const message = fc.array(fc.uint8Array({ maxLength: 700 }), { minLength: 1, maxLength: 4 });
    const cuts = fc.array(fc.nat({ max: 5_000 }), { maxLength: 20 });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 8 }), cuts, (said, at) => {
        const frames = said.flatMap((parts) =>
          parts.map((part, n) => encodeFrame(part, { hasMore: n < parts.length - 1 })),
        );
        const bytes = Buffer.concat([theirGreeting, theirReady, ...frames]);
        const peer = new ZmtpPeer("recodex-monitor", limits);
        const ends = [...at.filter((end) => end < bytes.length), bytes.length].sort((a, b) => a - b);
        // Each piece is overwritten afterwards: nothing may be held of it.
        const heard = ends.flatMap((end, n) => {
          const piece = Buffer.from(bytes.subarray(ends[n - 1] ?? 0, end));
          const { messages, fault } = heardBy(peer, piece);
          piece.fill(0xee);
          if (fault) throw fault;
          return messages;
        });
        expect(heard).toEqual(said.map((parts) => parts.map((part) => Buffer.from(part))));
      }),
    );
  });
});
