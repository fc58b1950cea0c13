import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { entitlementEnds, entitlementFault, entitlementTerm, readEntitlement, signEntitlement } from "./entitlement.ts";
import { workerFingerprint } from "./worker-fingerprint.ts";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const other = generateKeyPairSync("ed25519");
const audience = workerFingerprint(other.publicKey);
const dayMs = 86_400_000;
const said = {
  ...{ id: "acme-1", holder: "Acme Ltd.", audience, features: ["remote.operate"], limits: { "workers.max": 50 } },
  ...{ notBefore: 100 * dayMs, notAfter: 200 * dayMs },
};
const text = signEntitlement(said, privateKey);
const judge = { keys: [publicKey], audience };

test("CAT-98: signEntitlement() makes one word that says, to the server it is for, what was signed", () => {
  const read = readEntitlement(` ${text}\n`);
  expect(read.document).toEqual({ version: 1, ...said, key: workerFingerprint(publicKey) });
  expect(entitlementFault(read, judge)).toBeUndefined();
});

test("CAT-98: an altered byte, wherever it stands, is refused", () => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const at = fc.integer({ min: 0, max: text.length - 1 });
  fc.assert(
    fc.property(at, fc.constantFrom(...Array.from(alphabet)), (place, letter) => {
      fc.pre(text[place] !== letter);
      const altered = text.slice(0, place) + letter + text.slice(place + 1);
      expect(() => {
        const fault = entitlementFault(readEntitlement(altered), judge);
        if (fault !== undefined) throw new Error(fault);
      }).toThrow(/./);
    }),
    { numRuns: 300 },
  );
});

test("CAT-98: what is signed by an unknown key, by a known one in another's name, or for another server is refused", () => {
  const strange = readEntitlement(signEntitlement(said, other.privateKey));
  expect(entitlementFault(strange, judge)).toMatch(/signed by the key .* does not know/);
  expect(entitlementFault(readEntitlement(text), { keys: [], audience })).toMatch(/does not know/);
  // The document of the one with the signature of the other.
  const [head, , signature] = signEntitlement(said, other.privateKey).split(".");
  const grafted = readEntitlement([head, text.split(".")[1], signature].join("."));
  expect(entitlementFault(grafted, judge)).toBe("it was changed after it was signed");
  const elsewhere = readEntitlement(signEntitlement({ ...said, audience: workerFingerprint(publicKey) }, privateKey));
  expect(entitlementFault(elsewhere, judge)).toMatch(/^it is for the server/);
});

test("CAT-99: clocks may differ by a day at either end, and the end is told fourteen days before", () => {
  const { document } = readEntitlement(text);
  const on = (day: number): string => entitlementTerm(document, day * dayMs);
  expect([98.9, 99, 100, 200, 200.9, 201].map(on)).toEqual([
    ...["early", "in force", "in force", "in force", "in force", "over"],
  ]);
  expect([185, 186, 300].map((day) => entitlementEnds(document, day * dayMs))).toEqual([false, true, true]);
});

test("CAT-98: what is no entitlement is refused, whatever it is, and what it may not say is not signed", () => {
  const bad = ["", "fhe1.", "fhe1.e30", text.slice(0, -1), `${text}A`, `fhe2${text.slice(4)}`, "x".repeat(100_000)];
  for (const each of bad) expect(() => readEntitlement(each)).toThrow(/not valid/);
  fc.assert(
    fc.property(fc.string(), (each) => {
      expect(() => readEntitlement(each)).toThrow(/not valid/);
    }),
  );
  const deep = Buffer.from("[".repeat(3_000) + "]".repeat(3_000)).toString("base64url");
  expect(() => readEntitlement(`fhe1.${deep}.${text.split(".")[2]}`)).toThrow(/deeper/);
  const unfit = [
    { notAfter: 0 },
    { id: "a b" },
    { audience: "me" },
    { features: ["everything"] },
    { limits: { x: 1 } },
  ];
  for (const each of unfit)
    expect(() => signEntitlement({ ...said, ...each } as typeof said, privateKey)).toThrow(/not valid/);
  expect(() => signEntitlement(said, publicKey)).toThrow(/Ed25519/);
});
