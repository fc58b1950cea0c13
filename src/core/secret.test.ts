import { format, inspect } from "node:util";
import { expect, test } from "vitest";
import { Secret } from "./secret.ts";

const password = "correct horse battery";
const settings = { user: "x", account: { password: new Secret(password) }, list: [new Secret(password)] };

test.each<[string, string]>([
  ["JSON", JSON.stringify(settings)],
  ["a template string", `${String(settings.account.password)} ${settings.account.password as unknown as string}`],
  ["inspect", inspect(settings, { depth: 9, showHidden: true, getters: true })],
  ["format", format("%s %o %j", settings.account.password, settings, settings)],
  ["adding", (settings.account.password as unknown as string) + "."],
  [
    "its entries",
    JSON.stringify([Object.entries(settings.account.password), Object.assign({}, settings.account.password)]),
  ],
  ["a clone", inspect(structuredClone(Object.assign({}, settings.account.password)))],
])("a secret does not show in %s", (_how, text) => {
  expect(text).not.toContain(password);
});

test("reveal() alone gives it away", () => {
  expect(new Secret(password).reveal()).toBe(password);
  expect(JSON.stringify(new Secret(password))).toBe('"[secret]"');
});
