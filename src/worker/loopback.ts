import { Duplex, PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Two ends of one connection inside this process: what is written to either is read from the other. */
export function duplexPair(): [Duplex, Duplex] {
  const there = new PassThrough();
  const back = new PassThrough();
  return [Duplex.from({ readable: back, writable: there }), Duplex.from({ readable: there, writable: back })];
}

/** Join two streams until both directions are over. An end on one side is an end, and no more, on the other. */
export async function splice(left: Duplex, right: Duplex): Promise<void> {
  await Promise.allSettled([pipeline(left, right, { end: true }), pipeline(right, left, { end: true })]);
}
