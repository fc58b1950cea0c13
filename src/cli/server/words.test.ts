import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { apiPath, queryText } from "./api-path.ts";
import { labelsOf, labelsText, lifeOf } from "./labels.ts";
import { submission } from "./multipart.ts";
import { ServerProblem } from "./problem.ts";
import { environmentOf, runPayload } from "./script-payload.ts";
import { parseServerUrl, serverUrlText } from "./server-url.ts";
import { parsePin } from "./trust.ts";

describe("parseServerUrl()", () => {
  test.each([
    ["farhand.example", "https://farhand.example"],
    ["https://farhand.example:8443/", "https://farhand.example:8443"],
    ["https://farhand.example/behind/api/", "https://farhand.example/behind"],
    ["http://127.0.0.1:8080", "http://127.0.0.1:8080"],
    ["http://[::1]:8080/", "http://[::1]:8080"],
  ])("%s is %s", (text, url) => expect(serverUrlText(parseServerUrl(text))).toBe(url));

  test.each([
    "http://farhand.example",
    "http://127.0.0.1.example",
    "ftp://farhand.example",
    "https://me:secret@farhand.example",
    "https://farhand.example/?token=secret",
    "https://",
  ])("%s is refused, and no secret in it repeated", (text) => {
    expect(() => parseServerUrl(text)).toThrow(expect.objectContaining({ code: "USAGE" }));
    expect(() => parseServerUrl(text)).not.toThrow("secret");
  });
});

describe("apiPath", () => {
  test("no value of any kind leaves its segment (CAT-50)", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.constantFrom("..", ".", "../users", "a/b", "%2e%2e", "a?b", "a#b")),
        (name) => {
          const path = apiPath`/workers/${name}/units`;
          const { pathname, search, hash } = new URL(`https://farhand.example/api${path}`);
          expect(pathname.split("/")).toHaveLength(5);
          expect(pathname.startsWith("/api/workers/") && pathname.endsWith("/units")).toBe(true);
          expect(search + hash).toBe("");
        },
      ),
    );
  });

  test("queryText() leaves out what is not set", () => {
    expect(queryText({ limit: 5, cursor: undefined, label: "a=b&c" })).toBe("?limit=5&label=a%3Db%26c");
    expect(queryText({ cursor: undefined })).toBe("");
  });
});

test("parsePin() takes a SHA-256 as people write it", () => {
  const hex = "0a".repeat(32);
  for (const text of [hex, `sha256:${hex}`, `SHA256:${hex.toUpperCase()}`, hex.replaceAll(/..(?=.)/g, "$&:")]) {
    expect(parsePin(text)).toBe(hex);
  }
  for (const text of ["", "sha256:", hex.slice(2), `${hex}00`, "sha1:abc"])
    expect(() => parsePin(text)).toThrow("--pin");
});

test("labels and lengths of time are read as they are written", () => {
  expect(labelsOf(["site=brno", "note=a=b"])).toEqual({ site: "brno", note: "a=b" });
  expect(() => labelsOf(["site"])).toThrow("no label");
  expect(labelsText({ site: "brno", rack: "4" })).toBe("site=brno,rack=4");
  expect(["90s", "15m", "12h", "30d"].map(lifeOf)).toEqual([90_000, 900_000, 43_200_000, 2_592_000_000]);
  for (const text of ["", "5", "0h", "-1h", "1 h", "1w"]) expect(() => lifeOf(text)).toThrow("no length of time");
});

describe("runPayload()", () => {
  const runs = (script: string | Buffer, env: Record<string, string>, args: readonly string[]) => {
    const folder = mkdtempSync(join(tmpdir(), "run"));
    const payload = runPayload({ name: "a.sh", content: Buffer.from(script) }, env);
    const options = { input: payload, env: { PATH: process.env["PATH"], TMPDIR: folder } };
    const { status, stdout } = spawnSync("sh", ["-s", "--", ...args], options);
    const left = readdirSync(folder);
    rmSync(folder, { recursive: true });
    return { status, stdout: stdout.toString(), left };
  };

  test("any script gets its arguments and environment whole, ends with its code, and leaves nothing", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 40 }).filter((value) => !value.includes("\0"));
    fc.assert(
      fc.property(text, fc.array(text, { maxLength: 4 }), fc.integer({ min: 0, max: 125 }), (value, args, code) => {
        const script = `#!/bin/sh\nprintf '%s|' "$V" "$@"\nexit ${code}\n`;
        expect(runs(script, { V: value }, args)).toEqual({
          status: code,
          stdout: [value, ...args].map((word) => `${word}|`).join(""),
          left: [],
        });
      }),
      { numRuns: 25 },
    );
  });

  test("a script of any bytes arrives as it is", () => {
    const script = Buffer.concat([Buffer.from('#!/bin/sh\nsha256sum <"$0"\nexit 0\n'), randomBytes(5_000)]);
    const sha256 = createHash("sha256").update(script).digest("hex");
    expect(runs(script, {}, [])).toEqual({ status: 0, stdout: `${sha256}  -\n`, left: [] });
  });

  test("a variable must have the name of one", () => {
    expect(environmentOf(["A=b=c", "_x="])).toEqual({ A: "b=c", _x: "" });
    for (const pair of ["=b", "1A=b", "A;reboot=b", "A", "A=\0"]) expect(() => environmentOf([pair])).toThrow("--env");
  });
});

test("submission() is a form of the request and then the payload, byte for byte (RFC 7578)", async () => {
  const payload = Buffer.from([0, 13, 10, 45, 45, 255]);
  const { type, chunks } = submission({ workType: "run" }, Readable.from([payload], { objectMode: false }));
  const boundary = type.replace("multipart/form-data; boundary=", "--");
  const request = 'content-disposition: form-data; name="request"\r\n\r\n{"workType":"run"}';
  const file =
    'content-disposition: form-data; name="payload"; filename="payload"\r\ncontent-type: application/octet-stream';
  const head = `${boundary}\r\n${request}\r\n${boundary}\r\n${file}\r\n\r\n`;
  const body = await buffer(Readable.from(chunks));
  expect(body).toEqual(Buffer.concat([Buffer.from(head), payload, Buffer.from(`\r\n${boundary}--\r\n`)]));
});

describe("ServerProblem", () => {
  test.each([
    [400, 2],
    [401, 4],
    [403, 4],
    [404, 4],
    [409, 6],
    [428, 2],
    [429, 4],
    [500, 1],
    [503, 5],
  ])("of status %d is exit code %d", (status, exit) => expect(new ServerProblem(status, {})).toMatchObject({ exit }));

  test("says what was refused, by which rule, and who can change it (CAT-111); nothing of it acts on a terminal", () => {
    const { message, code } = new ServerProblem(403, {
      ...{ code: "LEVEL_TOO_LOW", detail: "a shell\u001B[2J is not allowed", rule: "CAT-57", change: "an admin" },
    });
    expect(code).toBe("LEVEL_TOO_LOW");
    expect(message).toBe("a shell?[2J is not allowed\nby the rule CAT-57\nwho can change that: an admin");
  });

  test("names every field that is wrong", () => {
    const errors = [
      { path: "log.level", message: "is none of these" },
      { path: "", message: "unknown key" },
    ];
    expect(new ServerProblem(400, { detail: "x", errors }).message).toBe(
      "the server does not take that\nlog.level: is none of these\nunknown key",
    );
  });
});
