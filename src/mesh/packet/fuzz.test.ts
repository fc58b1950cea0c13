/**
 * Hostile bytes for every decoder of this folder, for FUZZ_SECONDS seconds (2). A failure prints the seed; FUZZ_SEED
 * repeats it.
 */
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { MeshError } from "../errors.ts";
import { decodeAdvertisement, encodeAdvertisement } from "./advertisement.ts";
import { decodeData, decrementHops, encodeData } from "./data-message.ts";
import { parseExactJson, type WritableJson, writeExactJson } from "./exact-json.ts";
import { parseGoTime } from "./go-time.ts";
import { NodeNames } from "./node-names.ts";
import { Pattern } from "./pattern/pattern.ts";
import { decodeRoutingUpdate, encodeRoutingUpdate } from "./routing-update.ts";
import { decodeUnreachable, encodeUnreachable } from "./unreachable.ts";

const seconds = Number(process.env["FUZZ_SECONDS"] ?? 2);
const firstSeed = Number(process.env["FUZZ_SEED"] ?? Date.now() % 2 ** 31);

/** Numbers from 0 to below `limit`, the same for the same seed (mulberry32). */
function randomOf(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

const samples = [
  '\u0001{"NodeID":"node1","UpdateID":"x7Kq0ZpA","UpdateEpoch":29021265349194838,"UpdateSequence":17,"Connections":' +
    '{"node2":1,"node3":2.5},"ForwardingNode":"node1","SuspectedDuplicate":0,"Farhand":{"Version":1,"Stub":true}}',
  '\u0002{"NodeID":"node3","Service":"control","Time":"2024-10-24T20:36:52.123456789-04:00","ConnType":1,"Tags":' +
    '{"type":"Control Service"},"WorkCommands":[{"WorkType":"sleep","Secure":false}],"Cancel":false}',
  '{"FromNode":"a","ToNode":"b","FromService":"AbCd1234","ToService":"x","Problem":"service unknown"}',
  '{"a":[1,-2.5e3,true,null,"\\u00e9\\ud83d\\ude00",18446744073709551615],"__proto__":{}}',
  "(?i)web-[0-9a-f]{2,4}(\\.site|\\pL+)*$",
  "2024-10-24T16:36:52.123456789-04:00",
  "\u0003[]",
].map((text) => Buffer.from(text));
samples.push(Buffer.from("001d000061052d2b582eb15e51bcc6e14eb3fee1416243643132333470696e6700000000", "hex"));

const splinters = [
  ...'{}[]",:\\0-1e.\0\u0001\u0002ÿ'.split(""),
  "null",
  "1e999",
  "18446744073709551616",
  "-1",
  '"NodeID":',
  '"connections":',
  "{}",
  "\\ud800",
  "__proto__",
  "+24:00",
].map((text) => Buffer.from(text));

type Random = ReturnType<typeof randomOf>;
const mutations: readonly ((bytes: Buffer, random: Random) => Buffer)[] = [
  (bytes, random) => bytes.subarray(0, random(bytes.length + 1)),
  (bytes, random) => bytes.subarray(random(bytes.length + 1)),
  (bytes, random) => spliced(bytes, random(bytes.length + 1), 0, splinters[random(splinters.length)]!),
  (bytes, random) => spliced(bytes, random(bytes.length + 1), random(9), splinters[random(splinters.length)]!),
  (bytes, random) => spliced(bytes, random(bytes.length + 1), 1, Buffer.of(random(256))),
  (bytes, random) => spliced(bytes, random(bytes.length + 1), 0, samples[random(samples.length)]!),
  (bytes, random) => {
    const from = random(bytes.length + 1);
    const part = bytes.subarray(from, from + 1 + random(20));
    return spliced(
      bytes,
      from,
      0,
      Buffer.concat(Array.from({ length: random(random(50) === 0 ? 3000 : 5) }, () => part)),
    );
  },
  (_, random) => Buffer.from(Array.from({ length: random(100) }, () => random(256))),
];

function spliced(bytes: Buffer, at: number, remove: number, insert: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);
}

function mutated(random: Random): Buffer {
  let bytes: Buffer = samples[random(samples.length)]!;
  for (let rounds = random(6); rounds >= 0; rounds--) bytes = mutations[random(mutations.length)]!(bytes, random);
  return Buffer.from(bytes);
}

/** A decoder either refuses with PACKET_INVALID, or gives what its encoder turns into the same again. */
function roundTrip<Value>(decode: (bytes: Uint8Array) => Value, encode: (value: Value) => Uint8Array) {
  return (bytes: Uint8Array) => {
    let value: Value;
    try {
      value = decode(bytes);
    } catch (error) {
      if (error instanceof MeshError && error.code === "PACKET_INVALID") return;
      throw error;
    }
    expect(decode(encode(value))).toEqual(value);
  };
}

const names = new NodeNames(100);
const checks: readonly ((bytes: Buffer) => void)[] = [
  roundTrip(decodeRoutingUpdate, encodeRoutingUpdate),
  roundTrip(decodeAdvertisement, encodeAdvertisement),
  roundTrip(decodeUnreachable, encodeUnreachable),
  roundTrip(
    (bytes) => writeExactJson(parseExactJson(bytes, 1e6) as WritableJson),
    (text) => Buffer.from(text),
  ),
  (bytes) => {
    const data = decodeData(bytes);
    names.nameAt(bytes, 4);
    decrementHops(Buffer.from(bytes));
    if (!data) return;
    const isAscii = bytes.subarray(20, 36).every((byte) => byte < 128);
    if (isAscii) expect(Buffer.compare(encodeData(data), Buffer.from(bytes).fill(0, 2, 4))).toBe(0);
    expect([data.fromService.length <= 8, data.toService.length <= 8]).toEqual([true, true]);
  },
  (bytes) => {
    names.learn(bytes.toString());
    expect(names.size).toBeLessThanOrEqual(100);
  },
  (bytes) => void parseGoTime(bytes.toString()),
  (bytes) => {
    try {
      new Pattern(bytes.toString()).matches("web-12.site");
    } catch (error) {
      expect(error).toBeInstanceOf(SyntaxError);
    }
  },
];

test(
  "every decoder refuses hostile bytes in order",
  async () => {
    const end = performance.now() + seconds * 1000;
    for (let seed = firstSeed; performance.now() < end; seed++) {
      const bytes = mutated(randomOf(seed));
      try {
        for (const check of checks) check(bytes);
      } catch (error) {
        throw new Error(`FUZZ_SEED=${seed}: ${JSON.stringify(bytes.toString("latin1").slice(0, 500))}`, {
          cause: error,
        });
      }
      if (seed % 100 === 0) await setImmediate();
    }
  },
  seconds * 1000 + 60_000,
);
