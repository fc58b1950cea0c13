import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SafeScreen } from "./safe-screen.ts";

const esc = "\u001b";
const safe = (text: string): string => new SafeScreen().take(text);

describe("what a recording has shown", () => {
  test.each([
    "plain, grüße, 漢字\r\n\t\b",
    `${esc}[1;31mred${esc}[0m`,
    `${esc}[2J${esc}[10;20H`,
    `${esc}[?25l`,
    `${esc}7${esc}8${esc}M`,
  ])("is shown as it was: %j", (text) => {
    expect(safe(text)).toBe(text);
  });

  test.each<[string, string]>([
    ["the clipboard", `${esc}]52;c;ZXZpbA==\u0007`],
    ["a title", `${esc}]0;evil${esc}\\`],
    ["a device string", `${esc}P$q"p${esc}\\`],
    ["a program command", `${esc}_evil${esc}\\`],
    ["where the cursor is", `${esc}[6n`],
    ["what it is", `${esc}[c${esc}[>c${esc}[=c${esc}Z`],
    ["what the window is called", `${esc}[21t`],
    ["its modes", `${esc}[?2026$p`],
    ["its version and keys", `${esc}[>q${esc}[?u`],
    ["the answerback", "\u0005"],
    ["the same in eight bits", "\u009d\u009b"],
  ])("never reaches or asks the terminal: %s", (_what, text) => {
    expect(safe(`a${text}b`)).toBe("ab");
  });

  test("is the same however it was cut", () => {
    const parts = fc.array(fc.constantFrom(esc, "]", "[", "5", ";", "n", "m", "\\", "\u0007", "P", "x", "é", "\u009b"));
    fc.assert(
      fc.property(parts, (all) => {
        const screen = new SafeScreen();
        const bySingle = all.map((part) => screen.take(part)).join("");
        expect(bySingle).toBe(safe(all.join("")));
        for (const begin of ["]", "P"]) expect(bySingle).not.toContain(esc + begin);
      }),
    );
  });
});
