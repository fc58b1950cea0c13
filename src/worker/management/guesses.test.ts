import { describe, expect, test } from "vitest";
import { Guesses } from "./guesses.ts";

const minuteMs = 60_000;

function at() {
  const clock = { ms: 0, elapsed: () => clock.ms };
  const guesses = new Guesses(clock);
  const fail = (source: string): boolean => {
    using guess = guesses.begin(source);
    return guess.failed();
  };
  /** Wait as long as it takes between two, and fail so often. */
  const failOften = (source: string, count: number): void => {
    for (let n = 0; n < count; n++) {
      clock.ms += 30_000;
      fail(source);
    }
  };
  return { clock, guesses, fail, failOften };
}

const delayed = expect.objectContaining({ code: "LOGIN_DELAYED", status: 429 }) as Error;

describe("CAT-27: guesses", () => {
  test("five failures delay the sixth, ever longer", () => {
    const { clock, fail } = at();
    for (let n = 0; n < 5; n++) fail("a");
    expect(() => fail("a")).toThrow(delayed);
    clock.ms += 1_000;
    fail("a");
    clock.ms += 1_000;
    expect(() => fail("a")).toThrow(delayed);
    clock.ms += 1_000;
    fail("a");
  });

  test("they delay other sources too: all of them count together", () => {
    const { fail } = at();
    for (let n = 0; n < 5; n++) fail(`source ${n}`);
    expect(() => fail("another")).toThrow(delayed);
  });

  test("twenty in ten minutes switch login off for a quarter of an hour", () => {
    const { clock, fail, failOften } = at();
    failOften("a", 19);
    clock.ms += 30_000;
    expect(fail("a")).toBe(true);
    clock.ms += 15 * minuteMs - 1;
    expect(() => fail("b")).toThrow(delayed);
    clock.ms += 1;
    fail("b");
  });

  test("the local socket is slowed down alone, never switched off, and by nobody else", () => {
    const { clock, fail, failOften } = at();
    failOften("a", 20);
    expect(() => fail("a")).toThrow(delayed);
    failOften("local", 100);
    clock.ms += 30_000;
    expect(fail("local")).toBe(false);
    expect(() => fail("local")).toThrow(delayed);
    clock.ms += 15 * minuteMs;
    fail("a");
  });

  test("of a thousand at once five begin", () => {
    const { guesses } = at();
    let begun = 0;
    for (let n = 0; n < 1_000; n++) {
      try {
        guesses.begin(`source ${n}`);
        begun++;
      } catch {
        // The crowd.
      }
    }
    expect(begun).toBe(5);
  });

  test("those that end without failing count no more", () => {
    const { guesses } = at();
    for (let n = 0; n < 100; n++) {
      using guess = guesses.begin("a");
      expect(guess.failed).toBeTypeOf("function");
    }
  });
});
