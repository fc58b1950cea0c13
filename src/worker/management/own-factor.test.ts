import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { unbase32 } from "../../../test/kit/access.ts";
import { type TempFolder, tempFolder } from "../../../test/kit/temp-folder.ts";
import { totpCode } from "../../../test/kit/totp.ts";
import { OwnFactor } from "./own-factor.ts";

const refused = expect.objectContaining({ code: "WORKER_FACTOR_REFUSED" }) as Error;
const delayed = expect.objectContaining({ code: "WORKER_FACTOR_DELAYED" }) as Error;
const stepMs = 30_000;

function opened(folder: TempFolder) {
  const clock = { at: Date.UTC(2030, 0, 1), now: () => clock.at };
  const file = folder.file("state/factor.json");
  const factor = new OwnFactor({ file, clock });
  const { secret, uri } = factor.begin("shed");
  const code = (steps = 0): string => totpCode(unbase32(secret), clock.at + steps * stepMs);
  return { clock, file, factor, uri, secret, code, again: () => new OwnFactor({ file, clock }) };
}

describe("the worker's own factor (CAT-70)", () => {
  test("is in force once a code has shown that the device has the secret, and is kept for its owner alone", async () => {
    await using folder = await tempFolder();
    const { factor, file, uri, code, again } = opened(folder);
    expect(uri).toMatch(/^otpauth:\/\/totp\/Farhand%20worker:shed\?/);
    expect(factor.isSet).toBe(false);
    expect(() => factor.confirm("000000")).toThrow(refused);
    expect(existsSync(file)).toBe(false);
    factor.confirm(code());
    expect(factor.isSet).toBe(true);
    expect(again().isSet).toBe(true);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    factor.clear();
    expect(again().isSet).toBe(false);
  });

  test("opens for the session that shows a code, for five minutes, and for no other", async () => {
    await using folder = await tempFolder();
    const { factor, clock, code } = opened(folder);
    factor.confirm(code(-1));
    expect(factor.show("s1", code())).toBe(clock.at + 300_000);
    expect([factor.isOpenFor("s1"), factor.isOpenFor("s2"), factor.isOpenFor("")]).toEqual([true, false, false]);
    clock.at += 299_999;
    expect(factor.isOpenFor("s1")).toBe(true);
    clock.at += 1;
    expect(factor.isOpenFor("s1")).toBe(false);
    factor.show("s1", code());
    factor.end("s1");
    expect(factor.isOpenFor("s1")).toBe(false);
  });

  test("takes each code once, also after a restart", async () => {
    await using folder = await tempFolder();
    const { factor, code, again } = opened(folder);
    factor.confirm(code());
    expect(() => factor.show("s1", code())).toThrow(refused);
    factor.show("s1", code(1));
    expect(() => again().show("s2", code(1))).toThrow(refused);
  });

  test("makes who guesses wait, longer each time, whatever session they use and after a restart too", async () => {
    await using folder = await tempFolder();
    const { factor, clock, code, again } = opened(folder);
    factor.confirm(code(-1));
    for (let n = 0; n < 5; n++) expect(() => factor.show(`s${n}`, "000000")).toThrow(refused);
    expect(() => factor.show("s9", code())).toThrow(delayed);
    expect(() => again().show("s9", code())).toThrow(delayed);
    clock.at += 1_000;
    expect(() => factor.show("s9", "000000")).toThrow(refused);
    clock.at += 1_000;
    expect(() => factor.show("s9", code())).toThrow(delayed);
    clock.at += 1_000;
    factor.show("s9", code());
    for (let n = 0; n < 5; n++) expect(() => factor.show("s", "000000")).toThrow(refused);
  });

  test("lets nobody guess more than some 24 times a day, however patient", async () => {
    await using folder = await tempFolder();
    const { factor, clock, code } = opened(folder);
    factor.confirm(code());
    let tries = 0;
    for (const end = clock.at + 7 * 86_400_000; clock.at < end; clock.at += 60_000)
      expect(() => {
        factor.show("s", "abcdef");
      }).toThrow(
        expect.toSatisfy((error: { code: string }) => (error.code === "WORKER_FACTOR_REFUSED" && tries++, true)),
      );
    expect(tries).toBeLessThan(7 * 24 + 25);
  });

  test("that cannot be read is no reason to do without", async () => {
    await using folder = await tempFolder();
    const { factor, file, code, again } = opened(folder);
    factor.confirm(code());
    writeFileSync(file, readFileSync(file, "utf8").slice(0, 20));
    expect(again).toThrow(SyntaxError);
    writeFileSync(file, "{}");
    expect(again).toThrow(SyntaxError);
  });
});
