import { expect, test } from "vitest";
import type { Json, JsonObject } from "#core";
import { openSecrets, sealSecrets } from "./secrets.ts";

const seal = (value: string): Uint8Array => Buffer.from(`sealed ${value}`);
const open = (bytes: Uint8Array): string => Buffer.from(bytes).toString().slice("sealed ".length);
const set = { $secret: "set" };
const value = (text: string): JsonObject => ({ $secret: { value: text } });

/** What workers get after a list was written as `next` where it was `before`. */
function rewritten(before: readonly Json[], next: readonly Json[]): Json | undefined {
  const stored = sealSecrets({ list: before }, {}, seal);
  return openSecrets(sealSecrets({ list: next }, stored, seal), open).list;
}

const hosts = [
  { host: "a", password: value("pa") },
  { host: "b", password: value("pb") },
  { host: "c", password: value("pc") },
];

test("a secret stays with its entry when entries move, come or go", () => {
  const [a, b, c] = ["a", "b", "c"].map((host) => ({ host, password: set }));
  const given = (...names: string[]): Json => names.map((host) => ({ host, password: value(`p${host}`) }));
  expect(rewritten(hosts, [a, b, c] as Json[])).toEqual(given("a", "b", "c"));
  expect(rewritten(hosts, [b, c] as Json[])).toEqual(given("b", "c"));
  expect(rewritten(hosts, [c, a, b] as Json[])).toEqual(given("c", "a", "b"));
  const more = [{ host: "d", password: value("pd") }, a, b, c] as Json[];
  expect(rewritten(hosts, more)).toEqual(given("d", "a", "b", "c"));
});

test("an entry that is changed where it stands keeps its secret", () => {
  const next = [
    { host: "a", password: set },
    { host: "b", port: 7, password: set },
    { host: "c", password: set },
  ];
  expect(rewritten(hosts, next)).toEqual([
    { host: "a", password: value("pa") },
    { host: "b", port: 7, password: value("pb") },
    { host: "c", password: value("pc") },
  ]);
});

test("where it is not certain whose secret is meant, it must be given again", () => {
  const refused = expect.objectContaining({ code: "CONFIG_SECRET" });
  const entry = (host: string): Json => ({ host, password: set });
  // `a` is gone, and `d` is new: it is not `c` with another name.
  expect(() => rewritten(hosts, [entry("b"), entry("c"), entry("d")])).toThrow(refused);
  expect(() => rewritten(hosts, [entry("a"), entry("b"), entry("c"), entry("d")])).toThrow(refused);
  // Two that look alike, and one goes.
  expect(() => rewritten([value("one"), value("two")], [set])).toThrow(refused);
  expect(rewritten([value("one"), value("two")], [set, set])).toEqual([value("one"), value("two")]);
});
