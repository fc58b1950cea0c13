import { describe, expect, test } from "vitest";
import type { Clock, Log } from "#core";
import type { Session } from "./backend.ts";
import { eventually } from "../../../test/kit/backend/conformance.ts";
import { type MemoryLink, memorySessions } from "./memory/session.ts";
import { type Dialing, type RedialOptions, redialling } from "./redial.ts";

/** A clock that stands until it is told to go on. */
class StandingClock implements Clock {
  readonly asked: number[] = [];
  #now = 0;
  readonly #sleepers = new Set<{ readonly until: number; wake(): void }>();

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.asked.push(Math.round(ms));
    return new Promise((resolve, reject) => {
      const sleeper = { until: this.#now + ms, wake: resolve };
      this.#sleepers.add(sleeper);
      const aborted = (): void => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener("abort", aborted, { once: true });
      if (signal?.aborted) aborted();
    });
  }

  get sleeping(): number {
    return this.#sleepers.size;
  }

  pass(ms: number): void {
    this.#now += ms;
    for (const sleeper of [...this.#sleepers].filter(({ until }) => until <= this.#now)) {
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
  }
}

const dialLimit = 15_000;

/** A dialer over a dial of the test's, with everything that happened. */
function setUp(dial: (count: number, signal: AbortSignal) => Promise<Session>, options: RedialOptions = {}) {
  const clock = new StandingClock();
  const said: string[] = [];
  const log: Log = {
    debug: (text) => void said.push(`debug: ${text}`),
    info: (text) => void said.push(`info: ${text}`),
    warn: (text) => void said.push(`warn: ${text}`),
    error: (text) => void said.push(`error: ${text}`),
  };
  let dials = 0;
  const dialing: Dialing = { description: "test-peer", dial: (signal) => dial(++dials, signal) };
  const sessions: Session[] = [];
  const backend = redialling(dialing, { clock, log, random: () => 0.5, ...options });
  const start = () => backend.start((session) => void sessions.push(session));
  return { clock, said, sessions, start, dials: () => dials };
}

function sessionPair(): readonly [Session, Session] {
  const link: MemoryLink = {
    description: "test",
    maxMessageBytes: 100,
    isReliable: true,
    faults: {},
    random: Math.random,
    clock: { now: () => 0, elapsed: () => 0, sleep: async () => {} },
    isSilent: () => false,
  };
  return memorySessions(link);
}

const refused = async (): Promise<Session> => {
  throw new Error("nobody there");
};

describe("a dialer", () => {
  test("dials again and again, first soon and then more and more rarely", async () => {
    const { clock, start, dials } = setUp(refused);
    const open = await start();
    for (const [count, wait] of [200, 400, 800, 1600, 3200, 5000, 7500, 11_250, 16_875, 20_000].entries()) {
      await eventually(() => dials() === count + 1 && clock.sleeping === 1, `dial ${count + 1}`);
      expect(clock.asked.findLast((ms) => ms !== dialLimit)).toBe(wait);
      clock.pass(wait + 1);
    }
    await open.close();
  });

  test("says a failure once, and its repeats at debug", async () => {
    const { clock, start, dials, said } = setUp((count) => Promise.reject(new Error(count < 4 ? "first" : "second")));
    const open = await start();
    for (let count = 1; count <= 4; count++) {
      await eventually(() => dials() === count && clock.sleeping === 1, `dial ${count}`);
      clock.pass(30_000);
    }
    await eventually(() => said.length >= 4, "the failures in the log");
    expect(said.slice(0, 4)).toEqual([
      "warn: test-peer: first",
      "debug: test-peer: first",
      "debug: test-peer: first",
      "warn: test-peer: second",
    ]);
    await open.close();
  });

  test("wake() cuts the wait short, and nothing else", async () => {
    const { clock, start, dials } = setUp(refused);
    const open = await start();
    await eventually(() => dials() === 1 && clock.sleeping === 1, "the first dial");
    open.wake();
    await eventually(() => dials() === 2 && clock.sleeping === 1, "the second dial");
    open.wake();
    open.wake();
    await eventually(() => dials() === 3 && clock.sleeping === 1, "the third dial");
    await open.close();
    expect(clock.elapsed()).toBe(0);
  });

  test("without redial dials once", async () => {
    const { start, dials, said, clock } = setUp(refused, { redial: false });
    const open = await start();
    await eventually(() => said.length === 1, "the failure in the log");
    clock.pass(100_000);
    await open.close();
    expect(dials()).toBe(1);
  });

  test("without redial does not come back after a loss", async () => {
    const [near, far] = sessionPair();
    const { start, dials, sessions } = setUp(async () => near, { redial: false });
    const open = await start();
    await eventually(() => sessions.length === 1, "the session");
    far.close();
    await near.closed;
    await open.close();
    expect(dials()).toBe(1);
  });

  test("gives a dial that takes too long up", async () => {
    const { start, clock, said } = setUp(
      (_count, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    );
    const open = await start();
    await eventually(() => clock.sleeping === 1, "the dial");
    clock.pass(dialLimit);
    await eventually(() => said.length > 0, "the failure in the log");
    expect(said).toEqual(["warn: test-peer: no connection came about within 15 s"]);
    await open.close();
  });

  test("its signal ends with the dial: closing the dialer closes the session in order", async () => {
    const [near] = sessionPair();
    let signal: AbortSignal | undefined;
    const { start, sessions } = setUp(async (_count, given) => {
      signal = given;
      return near;
    });
    const open = await start();
    await eventually(() => sessions.length === 1, "the session");
    await open.close();
    expect(await near.closed).toBeUndefined();
    expect(signal?.aborted).toBe(false);
  });

  test("a session that comes after close() is closed, not given", async () => {
    const [near] = sessionPair();
    let arrive: (session: Session) => void = () => {};
    const { start, sessions, dials } = setUp(() => new Promise((resolve) => void (arrive = resolve)));
    const open = await start();
    await eventually(() => dials() === 1, "the dial");
    const closed = open.close();
    arrive(near);
    await closed;
    expect(sessions).toEqual([]);
    expect(await near.closed).toBeUndefined();
  });
});
