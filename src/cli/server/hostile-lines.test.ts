import { expect, test } from "vitest";
import type { JsonObject } from "#core";
import { noColours } from "../colours.ts";
import { ScanText } from "./scan-text.ts";
import { jsonLine } from "./tool-lines.ts";

/** Sets the title of a terminal, and clears it; the second by a control character above ASCII. */
const steering = "\u001b]0;owned\u0007\u009b2J";

/** What a person sees of the lines of a worker. */
function scanText(...lines: readonly JsonObject[]): string {
  const text = new ScanText(["w1"], { columns: 200, colours: noColours });
  for (const line of lines) text.take("w1", line);
  return text.text().join("\n");
}

test("no line of a worker steers the terminal of who scans", () => {
  const summary = { type: "summary", program: "nmap", open: 1, up: 1, hosts: 1, seconds: 1, complete: true };
  for (const field of ["program", "open", "up", "hosts", "seconds"])
    expect(scanText({ ...summary, [field]: steering })).not.toMatch(/\p{Cc}(?<!\n)/u);
  expect(scanText({ type: "progress", part: steering, percent: steering })).not.toMatch(/\p{Cc}(?<!\n)/u);
});

test("no text of a worker is read in another order than it has", () => {
  const port = { type: "port", address: "10.0.0.1", port: 22, state: "open" };
  expect(scanText({ ...port, banner: "a\u202eb\u2066c\u200fd" })).toContain("a?b?c?d");
});

test("a port is shown whatever is said of its service", () => {
  const port = { type: "port", address: "10.0.0.1", port: 22, state: "open" };
  for (const service of [null, 7, "ssh", [], { name: steering }, { name: { deep: 1 } }])
    expect(scanText({ ...port, service })).toContain("22/tcp");
});

test("JSON of a line is of the worker that sent it, and steers no terminal", () => {
  const printed = jsonLine("w1", { type: "hop", worker: "w2", addresses: [steering] });
  expect(JSON.parse(printed)).toEqual({ worker: "w1", type: "hop", addresses: [steering] });
  expect(printed).not.toMatch(/\p{Cc}/u);
});
