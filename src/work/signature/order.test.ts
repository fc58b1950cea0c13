import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  decodeOrder,
  digestOfFacts,
  emptySha256,
  encodeOrder,
  keyIdOf,
  type Order,
  orderText,
  paramsDigest,
  readOrder,
} from "./order.ts";

// The first key of RFC 8032, §7.1, with the head of PKCS#8.
const pkcs8 = "302e020100300506032b6570042204209d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const key = createPrivateKey({ key: Buffer.from(pkcs8, "hex"), format: "der", type: "pkcs8" });

const order: Order = {
  operation: "submit",
  unitId: "s5YkQ0aB",
  workType: "echo",
  paramsSha256: paramsDigest({ params: "a b" }),
  payloadSha256: emptySha256,
  target: "bar",
  submitter: "foo",
  notBefore: 1_900_000_000_000,
  notAfter: 1_900_000_300_000,
  nonce: "000102030405060708090a0b0c0d0e0f",
  keyId: keyIdOf(createPublicKey(key)),
};

/** As `docs/wire/signed-order.md` prints it; computed apart from this code. */
const golden = [
  "66617268616e642d6f726465720001",
  "00067375626d6974",
  "00087335596b51306142",
  "00046563686f",
  "0020ba191564e3e6fe9355b879f547e354bb6c019d27f40071bb221fae45a6626aab",
  "0020e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "0003626172",
  "0003666f6f",
  "0008000001ba60d33800",
  "0008000001ba60d7cbe0",
  "0010000102030405060708090a0b0c0d0e0f",
  "002006e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9",
];
const goldenText =
  "fh1.ZmFyaGFuZC1vcmRlcgABAAZzdWJtaXQACHM1WWtRMGFCAARlY2hvACC6GRVk4-b-k1W4efVH41S7bAGdJ_QAcbsiH65FpmJqqwAg47DEQpj8HBSa" +
  "-_TImW-5JCeuQeRkm5NMpJWZG3hSuFUAA2JhcgADZm9vAAgAAAG6YNM4AAAIAAABumDXy-AAEAABAgMEBQYHCAkKCwwNDg8AIAbj_Y_aKbtgq1lVfeYe" +
  "2wrs2yMRNL4w51tFX44beS-p.TBsAU2YADnHojLwkQRRmOTTjdWy2LCTO7zl3MbGessDkXKPtJxWZH3QWa-JdKcDJvw7Scrqhy75eZmSicZE0Dw";

test("encodeOrder() and orderText() make the example of the documentation", () => {
  const bytes = encodeOrder(order);
  expect(bytes.toString("hex")).toBe(golden.join(""));
  expect(orderText(bytes, sign(null, bytes, key))).toBe(goldenText);
  const page = readFileSync(new URL("../../../docs/wire/signed-order.md", import.meta.url), "utf8");
  for (const line of golden) expect(page).toContain(line);
  expect(page.replaceAll("\n", "")).toContain(goldenText);
});

test("readOrder() reads it back, with a signature that holds", () => {
  const signed = readOrder(goldenText);
  expect(signed.order).toEqual(order);
  expect(verify(null, signed.bytes, createPublicKey(key), signed.signature)).toBe(true);
});

test("an order fits into a request line, however long its texts", () => {
  const long = "ß".repeat(512);
  const bytes = encodeOrder({ ...order, unitId: long, workType: long, target: long, submitter: long });
  const text = orderText(bytes, Buffer.alloc(64));
  expect(text.length).toBeLessThan(16 * 1024);
  expect(readOrder(text).order.target).toBe(long);
  expect(() => encodeOrder({ ...order, target: `${long}x` })).toThrow("longer than 1024 bytes cannot be signed");
});

const text = fc.string({ unit: "grapheme", maxLength: 50 });
const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((array) => Buffer.from(array).toString("hex"));
const time = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const anyOrder: fc.Arbitrary<Order> = fc.record({
  operation: fc.constantFrom("submit", "cancel", "release", "force-release", "results"),
  unitId: text,
  workType: text,
  paramsSha256: hex(32),
  payloadSha256: hex(32),
  target: text,
  submitter: text,
  notBefore: time,
  notAfter: time,
  nonce: hex(16),
  keyId: hex(32),
});

test("decodeOrder() gives back whatever encodeOrder() wrote", () => {
  fc.assert(
    fc.property(anyOrder, (value) => {
      expect(decodeOrder(encodeOrder(value))).toEqual(value);
    }),
  );
});

test("two orders that differ anywhere have different bytes", () => {
  fc.assert(
    fc.property(
      anyOrder,
      anyOrder,
      fc.constantFrom(...(Object.keys(order) as (keyof Order)[])),
      (one, other, field) => {
        const mixed = { ...one, [field]: other[field] };
        expect(encodeOrder(one).equals(encodeOrder(mixed))).toBe(one[field] === other[field]);
      },
    ),
  );
});

test("decodeOrder() takes only what encodeOrder() would have written", () => {
  const bytes = encodeOrder(order);
  const change = fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat(bytes.length), (changes, length) => {
      const changed = Buffer.from(bytes);
      for (const [at, by] of changes) changed[at] = (changed[at] ?? 0) ^ by;
      for (const some of [changed, changed.subarray(0, length), Buffer.concat([changed, changed.subarray(length)])]) {
        const read = orMalformed(() => decodeOrder(some));
        if (read) expect(encodeOrder(read).equals(some)).toBe(true);
      }
    }),
    { numRuns: 2_000 },
  );
});

test("readOrder() takes each order in one spelling only, and survives any text", () => {
  const characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n".split("");
  fc.assert(
    fc.property(fc.nat(goldenText.length - 5), fc.constantFrom(...characters), fc.nat(2), (at, char, cut) => {
      const changed = goldenText.slice(0, at + 4) + char + goldenText.slice(at + 4 + cut);
      fc.pre(changed !== goldenText);
      const read = orMalformed(() => readOrder(changed));
      if (read) expect(orderText(read.bytes, read.signature)).toBe(changed);
    }),
    { numRuns: 2_000 },
  );
  fc.assert(
    fc.property(fc.string(), (any) => {
      expect(orMalformed(() => readOrder(`fh1.${any}`))).toBeUndefined();
    }),
  );
  expect(() => readOrder(`fh1.${"A".repeat(2_000_000)}`)).toThrow("it is longer than 16384 characters");
});

/** Anything else than a refusal as malformed is a fault of the reader. */
function orMalformed<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    expect(error).toMatchObject({ code: "SIGNATURE_INVALID" });
    return undefined;
  }
}

test("paramsDigest() is the same in any order of params, and differs when any of them differs", () => {
  const params = fc.dictionary(fc.string(), fc.string(), { maxKeys: 6 });
  fc.assert(
    fc.property(params, params, (one, other) => {
      const reversed = Object.fromEntries(Object.entries(one).toReversed());
      expect(paramsDigest(reversed)).toBe(paramsDigest(one));
      const names = Object.keys(one);
      const same = names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
      expect(paramsDigest(one) === paramsDigest(other)).toBe(same);
    }),
  );
  // Nothing moves over a border between name and value.
  expect(paramsDigest({ a: "bc" })).not.toBe(paramsDigest({ ab: "c" }));
  expect(paramsDigest({ a: "b", c: "d" })).not.toBe(paramsDigest({ a: "bcd" }));
});

test("a text that is no Unicode is not signed: as bytes it would be another one", () => {
  const refused = expect.objectContaining({ code: "REQUEST_INVALID" });
  expect(() => paramsDigest({ params: "\ud800" })).toThrow(refused);
  expect(() => encodeOrder({ ...order, workType: "\udfff" })).toThrow(refused);
  expect(paramsDigest({ params: "\u{1f600}" })).not.toBe(paramsDigest({ params: "\ufffd" }));
});

test("digestOfFacts() covers where results begin", () => {
  const at = (startPos: number) => digestOfFacts({ operation: "results", unitId: "a", workType: "b", startPos });
  expect(at(0)).not.toBe(at(1));
  expect(digestOfFacts({ operation: "cancel", unitId: "a", workType: "b" })).toBe(paramsDigest({}));
});
