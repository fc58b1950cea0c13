import { expect, test } from "vitest";
import { describeWithStores } from "../../test/kit/stores.ts";
import { AgeClock } from "./age-clock.ts";
import { Idempotency } from "./api/idempotency.ts";
import { created } from "./api/answer.ts";
import { Audit } from "./audit/audit.ts";
import { lastAuditAt } from "./store/audit.ts";

const dayMs = 24 * 60 * 60_000;

/** A wall clock that somebody sets, and time that passes whatever they do. */
function setClock() {
  const clock = {
    at: 1_790_000_000_000,
    passed: 5_000,
    now: () => clock.at,
    elapsed: () => clock.passed,
    pass: (ms: number) => {
      clock.at += ms;
      clock.passed += ms;
    },
  };
  return clock;
}

test("ages go on with time", () => {
  const clock = setClock();
  const ages = new AgeClock(clock);
  for (let n = 0; n < 60; n++) {
    clock.pass(dayMs);
    expect(ages.now()).toBe(clock.at);
  }
});

test("a clock that is set far ahead, and back within a day, makes nothing old (CAT-124)", () => {
  const clock = setClock();
  const ages = new AgeClock(clock);
  clock.at += 1_000 * dayMs;
  const before = clock.at - 1_000 * dayMs;
  expect(ages.now()).toBe(before);
  clock.pass(dayMs - 1);
  expect(ages.now()).toBe(before + dayMs - 1);
  clock.at -= 1_000 * dayMs;
  expect(ages.now()).toBe(clock.at);
  clock.pass(2 * dayMs);
  expect(ages.now()).toBe(clock.at);
});

test("one that has stood ahead for a day was right", () => {
  const clock = setClock();
  const ages = new AgeClock(clock);
  clock.at += 30 * dayMs;
  expect(ages.now()).toBe(clock.at - 30 * dayMs);
  clock.pass(dayMs);
  expect(ages.now()).toBe(clock.at);
});

test("it is never ahead of a clock that is set back", () => {
  const clock = setClock();
  const ages = new AgeClock(clock);
  clock.at -= 30 * dayMs;
  expect(ages.now()).toBe(clock.at);
});

describeWithStores("a server that is started with a wrong clock", ({ open }) => {
  test("goes by when it last wrote something down (CAT-124)", async () => {
    await using store = await open();
    const clock = setClock();
    expect(await lastAuditAt(store)).toBeUndefined();
    const audit = new Audit(store, clock);
    for (const action of ["first", "last"]) {
      clock.pass(1_000);
      await audit.record("server", action, "s");
    }
    await audit.flush();
    const last = clock.at;
    expect(await lastAuditAt(store)).toBe(last);

    clock.at += 400 * dayMs;
    const ages = new AgeClock(clock, await lastAuditAt(store));
    expect(ages.now()).toBe(last);
  });

  test("forgets no key before its day, whatever the clock is set to meanwhile (CAT-124)", async () => {
    await using store = await open();
    const clock = setClock();
    const idempotency = new Idempotency(store, clock, new AgeClock(clock));
    let done = 0;
    const submit = async () => {
      const keyed = { caller: "u1", key: "k", request: ["POST"], shownOnce: false, mayRepeat: false };
      const { signal } = new AbortController();
      return (await idempotency.run({ ...keyed, signal }, async () => created({ n: ++done }))).body;
    };
    await submit();
    clock.at += 30 * dayMs;
    await idempotency.sweep();
    clock.at -= 30 * dayMs;
    expect(await submit()).toEqual({ n: 1 });
    clock.pass(dayMs + 1);
    await idempotency.sweep();
    expect(await submit()).toEqual({ n: 2 });
  });
});
