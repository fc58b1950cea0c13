import { describe, expect, test } from "vitest";
import { TurnedClock } from "../../../test/kit/turned-clock.ts";
import { Nonces } from "./nonces.ts";

const unknown = expect.objectContaining({ code: "REGISTRATION_NONCE" }) as unknown;

describe("a nonce", () => {
  test("is good once, and for a minute", () => {
    const clock = new TurnedClock();
    const nonces = new Nonces(clock);
    const [first, second] = [nonces.give({ workerId: "w1" }), nonces.give({ workerId: "w1" })];
    clock.pass(59_999);
    nonces.take(first);
    expect(() => nonces.take(first)).toThrow(unknown);
    clock.pass(1);
    expect(() => nonces.take(second)).toThrow(unknown);
    expect(() => nonces.take("made up")).toThrow(unknown);
  });

  test("is pushed out by no other worker and by no stranger, however many they ask for", () => {
    const nonces = new Nonces(new TurnedClock());
    const own = nonces.give({ workerId: "honest" });
    const joining = nonces.give({ address: "192.0.2.1" });
    const flood = Array.from({ length: 30_000 }, () => nonces.give({ workerId: "hostile" }));
    for (let n = 0; n < 30_000; n++) nonces.give({ address: "198.51.100.7" });
    nonces.take(joining);
    // From many addresses somebody can be in the way of who joins, but of no worker that is one already.
    for (let n = 0; n < 30_000; n++) nonces.give({ address: `10.0.${n >> 8}.${n & 255}` });
    nonces.take(own);
    expect(() => nonces.take(flood[0] ?? "")).toThrow(unknown);
    // What is left to the hostile one are its last.
    nonces.take(flood.at(-1) ?? "");
  });
});
