import { expect, test } from "vitest";
import type { Priority } from "./frames.ts";
import { type TurnTaker, Turns } from "./turns.ts";

/** Takers that write their name each time, `frames` times. */
function takers(log: string[]) {
  return (name: string, frames: number, priority: Priority = "data"): TurnTaker => {
    let left = frames;
    return {
      priority,
      sendNext: () => {
        log.push(name);
        left--;
        return left > 0;
      },
    };
  };
}

test("Turns lets data go round and control first", () => {
  const log: string[] = [];
  const taker = takers(log);
  let open = false;
  const turns = new Turns(() => open);
  turns.add(taker("a", 3));
  turns.add(taker("b", 2));
  turns.add(taker("C", 2, "control"));
  expect(log).toEqual([]);
  open = true;
  turns.run();
  expect(log.join("")).toBe("CCababa");
});

test("Turns stops when the link is full and goes on where it was", () => {
  const log: string[] = [];
  const taker = takers(log);
  let room = 3;
  const turns = new Turns(() => room-- > 0);
  turns.add(taker("a", 4));
  expect(log.join("")).toBe("aaa");
  room = 9;
  turns.add(taker("b", 1));
  expect(log.join("")).toBe("aaaab");
});

test("Turns forgets who is removed, and counts no one twice", () => {
  const log: string[] = [];
  const taker = takers(log);
  let open = false;
  const turns = new Turns(() => open);
  const [a, b] = [taker("a", 1), taker("b", 1)];
  for (const each of [a, b, a]) turns.add(each);
  turns.remove(b);
  open = true;
  turns.run();
  expect(log).toEqual(["a"]);
});
