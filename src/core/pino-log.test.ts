import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import type { LogFormat, LogLevel } from "./log.ts";
import { openLog, receptorLine } from "./pino-log.ts";

/** A log, and the lines it has written. */
async function open(level: LogLevel = "debug", format: LogFormat = "receptor") {
  const output = new PassThrough();
  const log = await openLog(level, format, output);
  return {
    log,
    lines: () =>
      String(output.read() ?? "")
        .split("\n")
        .slice(0, -1),
  };
}

describe("openLog() in Receptor's format", () => {
  test("writes level, local time, message and fields, a line each", async () => {
    const { log, lines } = await open();
    log.debug("one");
    log.info("two", { node: "alpha", units: 3 });
    log.warn("three\nlines\nin one", { error: new Error("it broke") });
    log.error("four");
    const time = /\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d/;
    expect(lines().map((line) => line.replace(time, "TIME"))).toEqual([
      "DEBUG TIME one",
      'INFO TIME two {"node":"alpha","units":3}',
      'WARNING TIME three\\nlines\\nin one {"error":"it broke"}',
      "ERROR TIME four",
    ]);
  });

  test("tells the time of this place", () => {
    const at = new Date(2024, 0, 2, 3, 4, 5);
    expect(receptorLine(JSON.stringify({ level: "info", time: at.getTime(), msg: "x" }))).toBe(
      "INFO 2024/01/02 03:04:05 x\n",
    );
  });
});

describe("openLog()", () => {
  test.each([
    ["error", ["e"]],
    ["warning", ["w", "e"]],
    ["info", ["i", "w", "e"]],
    ["debug", ["d", "i", "w", "e"]],
  ] as const)("at level %s writes %j", async (level, expected) => {
    const { log, lines } = await open(level);
    log.debug("d");
    log.info("i");
    log.warn("w");
    log.error("e");
    expect(lines().map((line) => line.split(" ").at(-1))).toEqual(expected);
  });

  test.each(["receptor", "pretty"] as const)(
    "in the %s format shows control characters, and obeys none",
    async (format) => {
      const name = "bar\u001b[2K\u001b[1A\rINFO all is well\u009b\u007f\n";
      const { log, lines } = await open("info", format);
      log.warn(`link to ${name}`, { node: name });
      const text = lines().join("\n");
      expect(text).not.toMatch(/[^\P{Cc}\n]/u);
      expect(text).toContain(String.raw`link to bar\x1b[2K\x1b[1A\x0dINFO all is well\x9b\x7f\n`);
    },
  );

  test("in JSON writes one object a line", async () => {
    const { log, lines } = await open("info", "json");
    log.info("two\nlines", { node: "alpha", error: new Error("it broke") });
    expect(lines().map((line) => JSON.parse(line))).toEqual([
      { level: "info", time: expect.any(Number), msg: "two\nlines", node: "alpha", error: "it broke" },
    ]);
  });

  test("in JSON calls levels by their names", async () => {
    const { log, lines } = await open("debug", "json");
    log.debug("d");
    log.info("i");
    log.warn("w");
    log.error("e");
    const levels = lines().map((line) => (JSON.parse(line) as { level: string }).level);
    expect(levels).toEqual(["debug", "info", "warning", "error"]);
  });

  test("in the pretty format is for people, without colours where there is no terminal", async () => {
    const { log, lines } = await open("info", "pretty");
    log.warn("look out", { node: "alpha" });
    const text = lines().join("\n");
    expect(text).toMatch(/WARNING.*look out/);
    expect(text).toContain("alpha");
    expect(text).not.toContain("\u001b[");
  });

  test.each(["receptor", "json", "pretty"] as const)("in the format %s hides what is secret", async (format) => {
    const { log, lines } = await open("info", format);
    const hidden = { token: "t0ken", password: "pa55", secret: "s3cret", signature: "s1g", authorization: "auth0" };
    log.info("x", { ...hidden, shown: "shown" });
    const text = lines().join("\n");
    expect(text).toContain("shown");
    for (const value of Object.values(hidden)) expect(text).not.toContain(value);
  });
});

describe("openLog() on an output that fails", () => {
  /** An output that is full until it is emptied; like stdout it survives its errors. */
  function fullOutput() {
    const lines: string[] = [];
    const disk = { isFull: true };
    const write = (line: string, done: (error?: Error) => void): void => {
      if (!disk.isFull) lines.push(line);
      process.nextTick(done, disk.isFull ? new Error("ENOSPC") : undefined);
    };
    const output = Object.assign(new EventEmitter(), { write }) as unknown as NodeJS.WritableStream;
    return { output, disk, lines };
  }

  /** Output errors arrive in a later turn. */
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  test("loses lines, and tells how many once it works again", async () => {
    const { output, disk, lines } = fullOutput();
    const log = await openLog("error", "json", output);
    for (const message of ["1", "2", "3"]) {
      log.error(message);
      await settled();
    }
    disk.isFull = false;
    log.error("4");
    await settled();
    log.error("5");
    await settled();
    const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(messages).toEqual(["4", "3 lines of this log could not be written", "5"]);
  });
});
