import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { highWaterBytes } from "../../../src/mesh/backend/backend.ts";
import { type BackendPair, type End, eventually, type Link, Meeting } from "./conformance-link.ts";

export { type BackendPair, eventually } from "./conformance-link.ts";

/** What a kind of backend is like, as far as the interface leaves it open. */
export interface BackendTraits {
  /** What sessions say of {@link Session.isReliable}. */
  readonly reliable: boolean;
  /** What sessions of both sides say of {@link Session.maxMessageBytes}. */
  readonly maxMessageBytes: number;
  /** The other side notices when one side closes its session. Default: as `reliable`. */
  readonly seesClose?: boolean | undefined;
  /** A receiver that takes nothing holds the sender back. Default: as `reliable`. */
  readonly backpressure?: boolean | undefined;
  /** Sessions opened at once. Default 50. */
  readonly manySessions?: number | undefined;
}

/**
 * The promises of {@link Backend} and {@link Session}, held against one kind.
 *
 * Give dialers short {@link RedialTimes}, or the tests take long.
 */
export function describeBackend(
  name: string,
  makePair: () => Promise<BackendPair>,
  { reliable, maxMessageBytes, seesClose = reliable, backpressure = reliable, manySessions = 50 }: BackendTraits,
): void {
  describe(`${name} as a backend`, () => {
    let pair: BackendPair;
    let meeting: Meeting;

    beforeEach(async () => {
      pair = await makePair();
      meeting = new Meeting();
    });
    afterEach(async () => {
      await meeting.close();
      await pair.close();
    });

    async function connect(): Promise<Link> {
      await meeting.listen(pair.listener);
      await meeting.dial(pair.dialer);
      return await meeting.link();
    }

    test("a session says what it is", async () => {
      const { near, far } = await connect();
      for (const { session } of [near, far]) {
        expect(session).toMatchObject({ isReliable: reliable, maxMessageBytes, queuedBytes: expect.any(Number) });
        expect(session.description).not.toBe("");
      }
    });

    test("messages of every length cross whole and in order, both ways", async () => {
      const { near, far } = await connect();
      for (const [from, to] of bothWays(near, far)) {
        for (const length of lengths(maxMessageBytes)) {
          from.session.send(pattern(length, length));
          await received(to, (messages) => messages.some((message) => message.length === length));
        }
        expect(to.messages.map(({ length }) => length)).toEqual(lengths(maxMessageBytes));
        for (const message of to.messages) expect(isPattern(message, message.length)).toBe(true);
      }
    });

    test("a burst of small messages arrives in order", async () => {
      const { near, far } = await connect();
      const count = reliable ? 5000 : 100;
      for (const [from, to] of bothWays(near, far)) {
        for (let index = 0; index < count; index++) from.session.send(numbered(index, 40));
        await received(to, (messages) => messages.length >= count);
        expect(to.messages.map(numberOf)).toEqual(Array.from({ length: count }, (_, index) => index));
      }
    });

    test("a received message is the receiver's to alter, a sent one stays as it was", async () => {
      const { near, far } = await connect();
      for (const [from, to] of bothWays(near, far)) {
        const sent = pattern(1000, 7);
        for (let index = 0; index < 10; index++) from.session.send(sent);
        const altered = await received(to, (messages) => messages.length >= 10);
        for (const message of altered) {
          expect(isPattern(message, 7)).toBe(true);
          message.fill(0);
        }
        from.session.send(sent);
        const [last] = (await received(to, (messages) => messages.length >= 11)).slice(-1);
        expect(isPattern(last, 7)).toBe(true);
        expect(isPattern(sent, 7)).toBe(true);
      }
    });

    test.each(["near", "far"] as const)("messages that come before start() are kept (%s end)", async (side) => {
      meeting.startLate(side);
      const { near, far } = await connect();
      const [from, to] = side === "near" ? [far, near] : [near, far];
      for (let index = 0; index < 10; index++) from.session.send(numbered(index, 40));
      await quiet(from);
      expect(to.messages).toEqual([]);
      to.start();
      await received(to, (messages) => messages.length >= 10);
      expect(to.messages.map(numberOf)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    });

    test("an empty or too long message is never sent, and harms nothing", async () => {
      const { near, far } = await connect();
      for (const [from, to] of bothWays(near, far)) {
        from.session.send(new Uint8Array(0));
        from.session.send(new Uint8Array(maxMessageBytes + 1));
        from.session.send(new Uint8Array(maxMessageBytes + 70_000));
        from.session.send(pattern(3, 1));
        await received(to, (messages) => messages.length > 0);
        expect(to.messages.map(({ length }) => length)).toEqual([3]);
        expect(from.endings).toEqual([]);
      }
    });

    test.each(["near", "far"] as const)("close() ends a session once, in order (%s end)", async (side) => {
      const link = await connect();
      const [closer, other] = side === "near" ? [link.near, link.far] : [link.far, link.near];
      closer.session.send(pattern(50, 1));
      closer.session.close();
      closer.session.close();
      await eventually(() => closer.endings.length > 0, "the end of the closed session");
      if (seesClose) {
        await eventually(() => other.endings.length > 0, "the end at the other side");
        expect(other.messages.map(({ length }) => length)).toEqual([50]);
        expect(other.endings).toEqual([undefined]);
      }
      expect(closer.endings).toEqual([undefined]);
      closer.session.send(pattern(50, 1));
      expect(closer.session.queuedBytes).toBe(0);
    });

    test("closing a backend ends its sessions", async () => {
      await connect();
      const [{ near, far }] = (await meeting.links()) as [Link];
      await meeting.close();
      await eventually(() => near.endings.length > 0 && far.endings.length > 0, "the end of both");
      expect([near.endings.length, far.endings.length]).toEqual([1, 1]);
    });

    test("closing frees every socket and the address", async () => {
      const before = sockets();
      const inUse = pair.listener;
      const { near } = await connect();
      near.session.send(pattern(100, 1));
      await meeting.close();
      await eventually(() => sockets() <= before, "the sockets to be freed");
      expect(await meeting.listen(inUse)).toBeDefined();
    });

    test.each(backpressure ? (["near", "far"] as const) : [])(
      "a receiver that takes nothing holds the sender back, and drained() says when it goes on (%s end)",
      async (side) => {
        meeting.startLate(side);
        const { near, far } = await connect();
        const [from, to] = side === "near" ? [far, near] : [near, far];
        const sent = await flood(from, Math.min(maxMessageBytes, 32_768));
        expect(from.session.queuedBytes).toBeGreaterThan(highWaterBytes);
        // While buffers below us filled it may have been called, too.
        const before = from.drained;
        to.start();
        await eventually(() => from.drained > before, "drained()");
        await received(to, (messages) => messages.length >= sent);
        expect(to.messages.every((message, index) => numberOf(message) === index)).toBe(true);
        await quiet(from);
        expect(from.drained).toBe(before + 1);
      },
    );

    test("many sessions live side by side", async () => {
      await meeting.listen(pair.listener);
      for (let count = 0; count < manySessions; count++) await meeting.dial(pair.another?.() ?? pair.dialer);
      const links = await meeting.links(manySessions);
      for (const [index, { near, far }] of links.entries()) {
        near.session.send(numbered(index, 100));
        far.session.send(numbered(index, 100));
      }
      for (const [index, { near, far }] of links.entries()) {
        for (const end of [near, far]) {
          await received(end, (messages) => messages.length > 0);
          expect(end.messages.map(numberOf)).toEqual([index]);
        }
      }
    });

    test("a dialer that finds nobody dials until somebody is there", async () => {
      await meeting.dial(pair.dialer);
      await pause(300);
      await meeting.listen(pair.listener);
      const { near, far } = await meeting.link();
      near.session.send(pattern(10, 1));
      expect(await received(far, (messages) => messages.length > 0)).toHaveLength(1);
    });

    test("a dialer comes back to a listener that was closed and is open again", async () => {
      const listening = await meeting.listen(pair.listener);
      await meeting.dial(pair.dialer);
      const first = await meeting.link();
      await listening.close();
      // What is sent into the void is how a road without an end of its own notices.
      const sending = setInterval(() => first.near.session.send(pattern(1, 1)), 50);
      const ended = eventually(() => first.near.endings.length > 0, "the end of the first session");
      await ended.finally(() => clearInterval(sending));
      await meeting.listen(pair.listener);
      const { near, far } = await meeting.link();
      expect(near).not.toBe(first.near);
      far.session.send(pattern(10, 1));
      await received(near, (messages) => messages.length > 0);
    });

    test("a dialer that is closed while it dials gives no session any more", async () => {
      const before = sockets();
      const dialling = await meeting.dial(pair.dialer);
      await dialling.close();
      const count = meeting.dialled.length;
      const living = meeting.dialled.filter(({ endings }) => endings.length === 0);
      expect(living).toEqual([]);
      await meeting.listen(pair.listener);
      await pause(300);
      expect(meeting.dialled.length).toBe(count);
      await meeting.close();
      await eventually(() => sockets() <= before, "the sockets to be freed");
    });
  });
}

/** A dialer's retries and losses need a moment in which nothing is to happen. */
async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

function bothWays(near: End, far: End): readonly (readonly [from: End, to: End])[] {
  return [
    [near, far],
    [far, near],
  ];
}

async function received(end: End, enough: (messages: readonly Uint8Array[]) => boolean): Promise<Uint8Array[]> {
  return await eventually(() => (enough(end.messages) ? end.messages : undefined), "messages to arrive");
}

/** Wait until all is sent, and a moment for it to arrive. */
async function quiet(from: End): Promise<void> {
  await eventually(() => from.session.queuedBytes < highWaterBytes, "the queue to be written");
  await pause(100);
}

/** Send until well above the high-water mark; @returns how many messages. */
async function flood(from: End, length: number): Promise<number> {
  let count = 0;
  for (let calm = 0; calm < 20; calm++) {
    // Buffers below us fill over several turns.
    for (; from.session.queuedBytes < 2 * highWaterBytes; calm = 0) from.session.send(numbered(count++, length));
    await pause(10);
  }
  return count;
}

/** Sockets, servers and handles of this process; timers come and go on their own. */
function sockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => /TCP|UDP|TLS|Pipe/i.test(kind)).length;
}

function lengths(max: number): number[] {
  return [1, 2, 255, 256, 1199, 16_384, max - 1, max];
}

/** Bytes that depend on `seed` and on their place. */
function pattern(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8) + seed) & 0xff);
}

function isPattern(message: Uint8Array | undefined, seed: number): boolean {
  return message !== undefined && Buffer.compare(message, pattern(message.length, seed)) === 0;
}

function numbered(number: number, length: number): Uint8Array {
  const message = Buffer.alloc(length, number & 0xff);
  message.writeUInt32LE(number);
  return message;
}

function numberOf(message: Uint8Array): number {
  return Buffer.from(message.buffer, message.byteOffset, message.byteLength).readUInt32LE();
}
