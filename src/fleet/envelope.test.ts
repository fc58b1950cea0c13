import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Draft,
  decodeEnvelope,
  encodeDraft,
  encodeEnvelope,
  type Envelope,
  frameOf,
  lengthBytes,
  maxMessageBytes,
} from "./envelope.ts";
import { FrameReader } from "./frame-reader.ts";

const addressed = { id: "i-1", time: 1_700_000_000_000, from: "server", to: "w1", method: "units.list" };
const call: Envelope = { ...addressed, kind: "call", sequence: 1, params: { a: [1, "é"] } };
const samples: readonly Envelope[] = [
  call,
  { ...addressed, kind: "event", sequence: 2, params: {}, correlation: "i-0" },
  { ...addressed, kind: "reply", sequence: 3, correlation: "i-1", result: null },
  {
    ...{ ...addressed, kind: "reply", sequence: 4, correlation: "i-1" },
    error: { code: -32_000, message: "no", data: { code: "UNIT_NOT_FOUND", status: 404 } },
  },
  { ...addressed, kind: "ack", sequence: 0, params: { received: 7, begun: 3 } },
];

const bodyOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const invalid = expect.objectContaining({ code: "MESSAGE_INVALID", status: 400 });

describe("an envelope", () => {
  test("is four bytes of length and JSON, its number first", () => {
    const event = { id: "e", time: 5, from: "a", to: "b", kind: "event", method: "m", params: {} } as const;
    const json = '{"sequence":7,"id":"e","time":5,"from":"a","to":"b","kind":"event","method":"m","params":{}}';
    expect(frameOf(encodeDraft(event), 7)).toEqual(Buffer.concat([Buffer.of(0, 0, 0, json.length), Buffer.from(json)]));
  });

  test.each(samples)("$kind is read as it was written", (sample) => {
    expect(decodeEnvelope(encodeEnvelope(sample).subarray(lengthBytes))).toEqual(sample);
  });

  test.each([
    ["an unknown field", { ...call, colour: "red" }],
    ["__proto__ as a field", JSON.parse('{"__proto__":1}') as object],
    ["a field of another kind", { ...call, result: 1 }],
    ["no id", { ...call, id: undefined }],
    ["an id of other characters", { ...call, id: "a b" }],
    ["a long id", { ...call, id: "a".repeat(65) }],
    ["a fraction of a millisecond", { ...call, time: 0.5 }],
    ["a number below 0", { ...call, sequence: -1 }],
    ["number 0 that is no ack", { ...call, sequence: 0 }],
    ["an ack with a number", { ...samples[4], sequence: 1 }],
    ["nobody as sender", { ...call, from: "" }],
    ["a line end in a name", { ...call, to: "a\nb" }],
    ["a method of other characters", { ...call, method: "units list" }],
    ["a list of parameters", { ...call, params: [] }],
    ["another kind", { ...call, kind: "shout" }],
    ["a kind that every object has", { ...call, kind: "constructor" }],
    ["a reply with neither", { ...samples[2], result: undefined }],
    ["a reply with both", { ...samples[3], result: 1 }],
    [
      "an error with a stack",
      { ...samples[3], error: { code: 1, message: "", data: { code: "A", status: 400 }, stack: "" } },
    ],
    [
      "an error that is a success",
      { ...samples[3], error: { code: 1, message: "", data: { code: "A", status: 200 } } },
    ],
    ["a list", [call]],
    ["nothing", null],
  ])("with %s is refused", (_name, value) => {
    const base = Array.isArray(value) || value === null || Object.hasOwn(value, "id") ? value : { ...call, ...value };
    expect(() => decodeEnvelope(bodyOf(base))).toThrow(invalid);
  });

  test("that is no UTF-8, or has a byte order mark, is refused", () => {
    expect(() => decodeEnvelope(Buffer.from('{"id":"\xff"}', "latin1"))).toThrow(/UTF-8/);
    expect(() => decodeEnvelope(Buffer.concat([Buffer.from("efbbbf", "hex"), bodyOf(call)]))).toThrow(/JSON/);
  });

  test("keeps __proto__ and the like in its parameters as data", () => {
    const json = bodyOf({ ...call, params: {} })
      .toString()
      .replace('"params":{}', '"params":{"__proto__":{"isAdmin":true}}');
    const read = decodeEnvelope(Buffer.from(json)) as typeof call;
    expect(Object.keys(read.params)).toEqual(["__proto__"]);
    expect(Reflect.get(read.params, "isAdmin")).toBeUndefined();
    expect(Reflect.get({}, "isAdmin")).toBeUndefined();
    expect(encodeEnvelope(read).toString()).toContain('"params":{"__proto__":{"isAdmin":true}}');
  });

  test("has at most 1 MiB and 32 levels, coming and going", () => {
    const long = { ...call, params: { text: "a".repeat(maxMessageBytes) } };
    const deep = (levels: number): Envelope => {
      let value: unknown = 1;
      for (let n = 0; n < levels; n++) value = [value];
      return { ...call, params: { value } };
    };
    const tooLarge = expect.objectContaining({ code: "MESSAGE_TOO_LARGE", status: 413 });
    expect(() => encodeEnvelope(long)).toThrow(tooLarge);
    expect(() => decodeEnvelope(bodyOf(long))).toThrow(invalid);
    expect(decodeEnvelope(encodeEnvelope(deep(30)).subarray(lengthBytes))).toEqual(deep(30));
    expect(() => encodeEnvelope(deep(31))).toThrow(tooLarge);
    expect(() => decodeEnvelope(bodyOf(deep(31)))).toThrow(invalid);
    expect(() => decodeEnvelope(Buffer.from(`{"a":${"[".repeat(500_000)}`))).toThrow(/nests/);
    expect(decodeEnvelope(bodyOf({ ...call, params: { text: "[".repeat(100) + '\\"{{{' } }))).toBeDefined();
  });

  test("that the other side would not take is not sent in the first place", () => {
    expect(() => encodeDraft({ ...addressed, kind: "event", method: "No Such", params: {} })).toThrow(TypeError);
    expect(() => encodeDraft({ ...addressed, kind: "event", to: "", params: {} })).toThrow(TypeError);
  });
});

// oxlint-disable-next-line no-control-regex -- these are what a name must not hold
const name = fc.stringMatching(/^[^\u0000-\u001f\u007f]{1,20}$/);
const drafts: fc.Arbitrary<Draft> = fc.record({
  kind: fc.constantFrom("call", "event"),
  id: fc.stringMatching(/^[\w-]{1,64}$/),
  time: fc.nat(),
  from: name,
  to: name,
  method: fc.stringMatching(/^[a-z][\w-]{0,9}(\.[a-z][\w-]{0,9}){0,3}$/),
  params: fc.dictionary(fc.string(), fc.jsonValue()),
});

test("every message comes out of the stream as it went in, however the bytes are cut", () => {
  fc.assert(
    fc.property(fc.array(drafts, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 300 })), (sent, cuts) => {
      const frames = sent.map((draft, at) => frameOf(encodeDraft(draft), at + 1));
      const reader = new FrameReader();
      const got: Envelope[] = [];
      let rest = Buffer.concat(frames);
      for (const cut of [...cuts, rest.length]) {
        reader.push(rest.subarray(0, cut));
        rest = rest.subarray(cut);
        for (let message = reader.next(); message; message = reader.next()) got.push(decodeEnvelope(message));
      }
      expect(got.map((each) => JSON.stringify(each))).toEqual(
        sent.map((draft, at) => JSON.stringify({ sequence: at + 1, ...draft })),
      );
    }),
  );
});

test("every byte string is a message or refused, in order", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((json) => Buffer.from(json)),
      ),
      (bytes) => {
        expect(() => decodeEnvelope(bytes)).toThrow(invalid);
      },
    ),
  );
});

describe("a reader of frames", () => {
  test("refuses a length above 1 MiB before a byte of it has come", () => {
    const reader = new FrameReader();
    reader.push(Buffer.from("00100001", "hex"));
    expect(() => reader.next()).toThrow(invalid);
  });

  test("takes a message that comes byte by byte", () => {
    const reader = new FrameReader();
    const frame = encodeEnvelope({ ...call, params: { text: "x".repeat(100_000) } });
    let early = 0;
    for (const byte of frame) {
      if (reader.next()) early++;
      reader.push(Buffer.of(byte));
    }
    expect(early).toBe(0);
    expect(reader.next()).toEqual(frame.subarray(lengthBytes));
    expect(reader.next()).toBeUndefined();
  });
});
