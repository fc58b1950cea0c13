/**
 * Hostile bytes for decoders, for FUZZ_SECONDS seconds a test (1 unless told otherwise; 60 in CI). A failure prints the
 * seed; FUZZ_SEED repeats it.
 */
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { test } from "vitest";

const seconds = Number(process.env.FUZZ_SECONDS ?? 1);
const firstSeed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);
/** No decoder needs a hundredth of it, on any machine: longer is a hang. */
const hangMs = 20_000;
/** So long one test of a file goes on before the others have their turn. */
const turnMs = 20;

/** Whole numbers from 0 to below `limit`, the same for the same seed. */
export type Random = (limit: number) => number;

/** What is done with hostile bytes. It throws when they did harm. The bytes are its own. */
export type Check = (bytes: Buffer, random: Random) => unknown;

/** What hostile bytes are made of. */
export interface Corpus {
  /** Right ones, which are cut, joined, repeated and altered. */
  readonly samples: readonly (Uint8Array | string)[];
  /** Short pieces that mean something to the decoders. */
  readonly splinters?: readonly (Uint8Array | string)[];
}

/** A test that gives the same hostile bytes to each check. */
export function fuzz(title: string, corpus: Corpus, checks: Readonly<Record<string, Check>>): void {
  const samples = corpus.samples.map((sample) => Buffer.from(sample));
  const pieces = [...(corpus.splinters ?? []), ...commonSplinters].map((piece) => Buffer.from(piece));
  fuzzSeeds(title, async (seed) => {
    const random = randomOf(seed);
    const bytes = mutated(samples, pieces, random);
    for (const [name, check] of Object.entries(checks)) {
      try {
        const start = performance.now();
        await check(Buffer.from(bytes), random);
        if (performance.now() - start > hangMs) throw new Error(`it took ${performance.now() - start} ms`);
      } catch (error) {
        const shown = JSON.stringify(bytes.toString("latin1").slice(0, 1000));
        throw new Error(`${name}, ${bytes.length} bytes: ${shown}`, { cause: error });
      }
    }
  });
}

/** A test that checks properties in turn, each with ever other values. */
export function fuzzProperties(title: string, properties: Readonly<Record<string, fc.IRawProperty<unknown>>>): void {
  fuzzSeeds(title, async (seed) => {
    for (const [name, property] of Object.entries(properties)) {
      try {
        // A promise when the property is one.
        const asserted: unknown = fc.assert(property as fc.IProperty<unknown>, { seed, numRuns: 20 });
        await asserted;
      } catch (error) {
        throw new Error(name, { cause: error });
      }
    }
  });
}

/** A test that tries one seed after the other. Those of one file share its minute, for most of them wait for an answer. */
export function fuzzSeeds(title: string, attempt: (seed: number) => Promise<void>): void {
  test.concurrent(
    title,
    async () => {
      let now = performance.now();
      const end = now + seconds * 1000;
      let rested = now;
      let seed = firstSeed;
      do {
        try {
          await attempt(seed);
        } catch (error) {
          throw new Error(`FUZZ_SEED=${seed}`, { cause: error });
        }
        seed++;
        now = performance.now();
        // The others of the file have the same minute.
        if (now - rested > turnMs) {
          await setImmediate();
          rested = now;
        }
      } while (now < end);
    },
    seconds * 1000 + 120_000,
  );
}

/** Numbers from a seed (mulberry32). */
export function randomOf(seed: number): Random {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

/** The value, or undefined when it was refused in order. @throws what is no such refusal. */
export function refusedOr<T>(decode: () => T, isRefusal: (error: unknown) => boolean): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

/** Cut bytes into pieces as a network would. */
export function piecesOf(bytes: Buffer, random: Random): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = 1 + random(random(3) === 0 ? 3 : bytes.length);
    pieces.push(Buffer.from(bytes.subarray(at, at + length)));
    at += length;
  }
  return pieces;
}

const commonSplinters = [
  ...'{}[]",:\\0-1e.\0\u0001\u0002\r\n '.split(""),
  ...["null", "true", "1e999", "18446744073709551616", "-1", "{}", "\\ud800", "__proto__", "constructor", "\r\n"],
  ...["00", "ff", "7f", "80", "ffff", "ffffffff", "00000000", "ffffffffffff", "c0", "efbbbf"].map((hex) =>
    Buffer.from(hex, "hex"),
  ),
];

type Mutation = (bytes: Buffer, samples: readonly Buffer[], pieces: readonly Buffer[], random: Random) => Buffer;

const mutations: readonly Mutation[] = [
  (bytes, _samples, _pieces, random) => bytes.subarray(0, random(bytes.length + 1)),
  (bytes, _samples, _pieces, random) => bytes.subarray(random(bytes.length + 1)),
  (bytes, _samples, pieces, random) => spliced(bytes, random(bytes.length + 1), 0, one(pieces, random)),
  (bytes, _samples, pieces, random) => spliced(bytes, random(bytes.length + 1), random(9), one(pieces, random)),
  (bytes, _samples, _pieces, random) => spliced(bytes, random(bytes.length + 1), 1, Buffer.of(random(256))),
  (bytes, _samples, _pieces, random) => flipped(bytes, random),
  (bytes, samples, _pieces, random) => spliced(bytes, random(bytes.length + 1), 0, one(samples, random)),
  (bytes, _samples, _pieces, random) => repeated(bytes, random),
  (_bytes, _samples, _pieces, random) => Buffer.from(Array.from({ length: random(100) }, () => random(256))),
];

function mutated(samples: readonly Buffer[], pieces: readonly Buffer[], random: Random): Buffer {
  let bytes = one(samples, random);
  for (let rounds = random(6); rounds >= 0; rounds--) bytes = one(mutations, random)(bytes, samples, pieces, random);
  return Buffer.from(bytes);
}

function one<T>(list: readonly T[], random: Random): T {
  return list[random(list.length)] as T;
}

function spliced(bytes: Buffer, at: number, remove: number, insert: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);
}

function flipped(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  const at = random(bytes.length + 1);
  if (at < copy.length) copy[at] = (copy[at] as number) ^ (1 << random(8));
  return copy;
}

/** A part some times, and sometimes very many times. */
function repeated(bytes: Buffer, random: Random): Buffer {
  const from = random(bytes.length + 1);
  const part = bytes.subarray(from, from + 1 + random(20));
  const times = random(random(50) === 0 ? 3000 : 5);
  return spliced(bytes, from, 0, Buffer.concat(Array.from({ length: times }, () => part)));
}
