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
    `${esc}7${esc}8${esc}M${esc}(B${esc}#8${esc}c`,
    `${esc}[?1049h${esc}[?7;25h${esc}[4 q${esc}[1;24r${esc}[3@${esc}[38;2;1;2;3m${esc}[!p${esc}[?1049l`,
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
    ["the same in eight bits behind an escape", `${esc}\u009d${esc}\u009b${esc}\u0090${esc}\u0005`],
    ["a set of characters in which letters are control characters", `${esc}%@`],
    ["a sum of what is on the screen", `${esc}[1;1;1;1;24;80*y`],
    ["its graphics, colours and keys", `${esc}[?1;1;0S${esc}[#R${esc}[?4m${esc}[&u${esc}[1$w`],
    ["the mouse, the focus, what is pasted, other keys", `${esc}[?1000;1006h${esc}[?1004h${esc}[?2004h${esc}[>4;2m`],
    ["keys of the cursor and of numbers", `${esc}[?1h${esc}=${esc}>`],
    ["a control that is broken off", `${esc}[1${esc}]52;c;ZXZpbA==\u0007`],
    ["the printer", `${esc}[5i${esc}[?5i`],
  ])("never reaches or asks the terminal: %s", (_what, text) => {
    expect(safe(`a${text}b`)).toBe("ab");
  });

  test("passes of several modes those of the screen", () => {
    expect(safe(`${esc}[?25;1003;1049h`)).toBe(`${esc}[?25;1049h`);
  });

  // A terminal gives such a string up as well: what it shows then, who watches has to see.
  test.each([
    ["another sequence", `${esc}Pnever ended${esc}[1m`, `${esc}[1m`],
    ["CAN", `${esc}]never ended\u0018`, ""],
    ["SUB", `${esc}_never ended\u001a`, ""],
  ])("is not hidden by a string that nobody ends: %s ends it", (_what, text, left) => {
    expect(safe(`a${text}b`)).toBe(`a${left}b`);
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
