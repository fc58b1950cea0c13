import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Inbox } from "../inbox.ts";
import { type Batch, decodeBatch, encodeBatch, maxBatchBytes, maxNumberedMessageBytes } from "./batch.ts";
import { Incoming } from "./incoming.ts";
import { Outgoing, windowBytes } from "./outgoing.ts";

const message = fc.uint8Array({ minLength: 1, maxLength: 300 });

describe("a batch", () => {
  test("is laid out as docs/wire/numbered-batches.md says", () => {
    const messages = [Buffer.from("abc"), Buffer.from("d")];
    const bytes = encodeBatch({ first: 258, ack: 7, isLast: true, messages });
    expect(bytes.toString("hex")).toBe("0101000000000102000000000007000000036162630000000164");
  });

  test("comes back as it went", () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.nat(),
        fc.boolean(),
        fc.array(message, { maxLength: 20 }),
        (first, ack, isLast, messages) => {
          const batch = decodeBatch(encodeBatch({ first, ack, isLast, messages }));
          expect(batch).toMatchObject({ first, ack, isLast });
          expect(batch.messages.map((bytes) => Buffer.from(bytes))).toEqual(
            messages.map((bytes) => Buffer.from(bytes)),
          );
        },
      ),
    );
  });

  test("of whatever bytes decodes or is refused by name", () => {
    const refused = expect.objectContaining({ code: "PACKET_INVALID" });
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.tuple(fc.array(message, { maxLength: 4 }), fc.nat(100), fc.nat(255)).map(([messages, at, value]) => {
        const bytes = encodeBatch({ first: 1, ack: 0, isLast: false, messages });
        bytes[at % bytes.length] = value;
        return bytes.subarray(0, bytes.length - (value % 3));
      }),
    );
    fc.assert(
      fc.property(bytes, (bytes) => {
        try {
          for (const { length } of decodeBatch(bytes).messages) expect(length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toEqual(refused);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("that is too long, or has a message that is, is refused", () => {
    const long = encodeBatch({
      first: 1,
      ack: 0,
      isLast: false,
      messages: [Buffer.alloc(maxNumberedMessageBytes + 1)],
    });
    expect(() => decodeBatch(long)).toThrow("a message of 65536 bytes");
    expect(() => decodeBatch(Buffer.alloc(maxBatchBytes + 1))).toThrow(`of ${maxBatchBytes + 1} bytes`);
  });
});

/** What happens on the way: a batch arrives, is lost, or comes twice; and acknowledgements do or do not come back. */
const fate = fc.record({
  copies: fc.nat(2),
  isAckLost: fc.boolean(),
  sends: fc.nat(5),
  maxBytes: fc.integer({ min: 1, max: 2000 }),
});

test("every message arrives once and in order, whatever batches and acknowledgements are lost or doubled", () => {
  fc.assert(
    fc.property(fc.array(fate, { maxLength: 60 }), (fates) => {
      const outgoing = new Outgoing();
      const arrived: number[] = [];
      const inbox = new Inbox();
      inbox.start({ message: (bytes) => void arrived.push(Buffer.from(bytes).readUInt32BE()), drained: () => {} });
      const incoming = new Incoming(inbox);
      let sent = 0;
      const step = (copies: number, isAckLost: boolean, maxBytes: number): void => {
        const batch: Batch = { ...outgoing.take(maxBytes), ack: 0, isLast: false };
        for (let copy = 0; copy < copies; copy++) incoming.take(batch);
        if (!isAckLost) outgoing.acknowledge(incoming.ack);
        // A carrier sends again whatever it does not know to have arrived before it sends anything new.
        if (copies === 0 || isAckLost) outgoing.rewind();
      };
      for (const { copies, isAckLost, sends, maxBytes } of fates) {
        for (let index = 0; index < sends; index++) {
          const bytes = Buffer.alloc(4 + (sent % 50));
          bytes.writeUInt32BE(sent++);
          outgoing.push(bytes);
        }
        step(copies, isAckLost, maxBytes);
      }
      while (outgoing.count > 0) step(1, false, 10_000);
      expect(arrived).toEqual(Array.from({ length: sent }, (_, index) => index));
      expect(outgoing.bytes).toBe(0);
    }),
  );
});

test("no more than the window goes out unacknowledged", () => {
  const outgoing = new Outgoing();
  for (let index = 0; index < 40; index++) outgoing.push(Buffer.alloc(60_000));
  let bytes = 0;
  while (outgoing.canTake) for (const { length } of outgoing.take(maxBatchBytes).messages) bytes += length;
  expect(bytes).toBeGreaterThanOrEqual(windowBytes);
  expect(bytes).toBeLessThan(windowBytes + 60_000);
  outgoing.acknowledge(5);
  expect(outgoing.take(maxBatchBytes).messages).toHaveLength(5);
});

test("Outgoing.acknowledge() refuses what was never sent", () => {
  const outgoing = new Outgoing();
  outgoing.push(Buffer.alloc(1));
  expect(() => outgoing.acknowledge(1)).toThrow("message 1, which was never sent");
});

test("messages before start() are not acknowledged beyond what the inbox keeps, and a sender without measure is cut", () => {
  const incoming = new Incoming(new Inbox());
  const messages = Array.from({ length: 7 }, () => Buffer.alloc(60_000));
  const flood = (): void => {
    for (let first = 1; ; first += 7) incoming.take({ first, ack: 0, isLast: false, messages });
  };
  expect(flood).toThrow("more than the window allows");
  expect(incoming.ack).toBe(5);
});
