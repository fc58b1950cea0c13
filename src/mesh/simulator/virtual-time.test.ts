import { describe, expect, test } from "vitest";
import { Post, type Receiver } from "./post.ts";
import { VirtualTime } from "./virtual-time.ts";

describe("virtual time", () => {
  test("runs what is due in order, what is due at one moment in the order it was asked for", () => {
    const time = new VirtualTime();
    const ran: string[] = [];
    for (const [ms, name] of [
      [20, "late"],
      [10, "first"],
      [10, "second"],
      [100_000, "far ahead"],
    ] as const)
      time.after(ms, () => ran.push(`${time.now} ${name}`));
    time.runUntil(200_000);
    expect(ran).toEqual(["10 first", "10 second", "20 late", "100000 far ahead"]);
  });

  test("what is asked for at a moment and due at once runs in that moment, after all that was due", () => {
    const time = new VirtualTime();
    const ran: string[] = [];
    time.after(5, () => {
      ran.push("one");
      time.after(0, () => ran.push(`three at ${time.now}`));
    });
    time.after(5, () => ran.push("two"));
    time.runUntil(6);
    expect(ran).toEqual(["one", "two", "three at 5"]);
  });

  test("what comes again and again does so until it is cancelled, even by itself", () => {
    const time = new VirtualTime();
    const ran: number[] = [];
    const stop = time.every(10, 3, () => {
      ran.push(time.now);
      if (ran.length === 3) stop();
    });
    time.runUntil(100);
    expect(ran).toEqual([3, 13, 23]);
    expect(time.pending).toBe(0);
  });

  test("a cancelled timer does not run", () => {
    const time = new VirtualTime();
    const cancel = time.after(10, () => expect.unreachable());
    cancel();
    time.runUntil(100);
  });
});

describe("the post", () => {
  /** Sends numbers to nodes in turn, and says in which order they came. */
  function arrivals(messages: number, nodes: number): { place: number; number: number; at: number }[] {
    const time = new VirtualTime();
    const post = new Post(time);
    const came: { place: number; number: number; at: number }[] = [];
    const receivers = Array.from(
      { length: nodes },
      (_, place): Receiver => ({
        place,
        arrive: (message) => came.push({ place, number: Buffer.from(message).readUInt32LE(), at: time.now }),
      }),
    );
    for (let number = 0; number < messages; number++)
      post.send(receivers[number % nodes] as Receiver, new Uint8Array(Uint32Array.of(number).buffer), 10);
    time.runUntil(1_000);
    return came;
  }

  test.each([
    [10, 3],
    [1_000, 7],
  ])("%i messages to %i nodes arrive together, each node's in the order sent", (messages, nodes) => {
    const came = arrivals(messages, nodes);
    expect(came.length).toBe(messages);
    expect(new Set(came.map(({ at }) => at))).toEqual(new Set([16]));
    for (let place = 0; place < nodes; place++) {
      const numbers = came.filter((each) => each.place === place).map(({ number }) => number);
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    }
  });

  test("many messages arrive one node after the other", () => {
    const places = arrivals(1_000, 7).map(({ place }) => place);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });
});
