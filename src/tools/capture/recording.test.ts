import { appendFileSync, closeSync, openSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { ToolLog } from "../output.ts";
import { lingerMs } from "./recording.ts";
import { droppedOf, isListening } from "./tcpdump.ts";

describe("lingerMs()", () => {
  test("waits for the kernel's next turn, after which it has given all that had come", () => {
    expect(lingerMs(5_000, undefined, 5_000)).toBe(1_100);
    expect(lingerMs(5_000, 3_000, 5_400)).toBe(700);
    expect(lingerMs(5_000, 3_000, 9_000)).toBe(0);
  });

  test("waits for the one after it where a block may have been begun between two", () => {
    expect(lingerMs(5_000, 4_900, 5_000)).toBe(2_000);
  });
});

describe("what tcpdump says", () => {
  const up = "tcpdump: listening on lo, link-type EN10MB (Ethernet), snapshot length 262144 bytes";

  test("has the drops of the last time it was asked, and none before", () => {
    expect(droppedOf(up)).toBeUndefined();
    const asked = `${up}\ntcpdump: 20 packets captured, 40 packets received by filter, 1 packet dropped by kernel`;
    expect(droppedOf(asked)).toBe(1);
    expect(
      droppedOf(`${asked}\n22 packets captured\n44 packets received by filter\n17 packets dropped by kernel`),
    ).toBe(17);
  });

  test("tells when it may be asked", () => {
    expect([isListening(""), isListening("tcpdump: eth9: No such device exists"), isListening(up)]).toEqual([
      ...[false, false, true],
    ]);
  });
});

describe("the log of a tool", () => {
  test("has one line of how far it is, wherever it says something else in between", async () => {
    await using folder = await tempFolder();
    const path = folder.file("log");
    const fd = openSync(path, "a");
    try {
      const log = new ToolLog(fd);
      for (let n = 1; n <= 1_000; n++) log.progress(`${n} packets`);
      expect(readFileSync(path, "utf8")).toBe("\n1000 packets\n");
      log.note("a word");
      log.progress("7 packets");
      // Somebody else's, of the same process.
      appendFileSync(path, "(node) Warning\n");
      log.progress("8 packets");
      log.progress("9 packets");
      expect(readFileSync(path, "utf8")).toBe("\n1000 packets\na word\n7 packets\n(node) Warning\n9 packets\n");
    } finally {
      closeSync(fd);
    }
  });

  test("has room for last words, whatever was told of progress", async () => {
    await using folder = await tempFolder();
    const path = folder.file("log");
    const fd = openSync(path, "a");
    try {
      const log = new ToolLog(fd);
      for (let n = 0; n < 1_000; n++) {
        log.progress("x".repeat(1_000));
        appendFileSync(path, "noise\n");
      }
      log.note("the last word");
      const lines = readFileSync(path, "utf8").split("\n");
      expect(lines.filter((line) => line.startsWith("x")).length).toBeLessThan(40);
      expect(lines.at(-2)).toBe("the last word");
    } finally {
      closeSync(fd);
    }
  });
});
