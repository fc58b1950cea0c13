import { createHash } from "node:crypto";
import { appendFileSync, truncateSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { outputSize, sealOutput } from "./output.ts";

const sha256 = (bytes: string | Buffer) => createHash("sha256").update(bytes).digest("hex");

describe("outputSize()", () => {
  test("is 0 for an output nobody has opened, and the file's size after that", async () => {
    await using temp = await tempFolder();
    expect(outputSize(temp.file("stdout"))).toBe(0);
    writeFileSync(temp.file("stdout"), "hello");
    expect(outputSize(temp.file("stdout"))).toBe(5);
  });

  test("fails where the disk does not say", async () => {
    await using temp = await tempFolder();
    writeFileSync(temp.file("plain"), "");
    expect(() => outputSize(temp.file("plain/stdout"))).toThrow(/ENOTDIR/);
  });
});

describe("sealOutput()", () => {
  test("gives length and hash of an output, also of one that is empty or missing", async () => {
    await using temp = await tempFolder();
    const path = temp.file("stdout");
    expect(await sealOutput(path)).toEqual({ bytes: 0, sha256: sha256("") });
    writeFileSync(path, "");
    expect(await sealOutput(path)).toEqual({ bytes: 0, sha256: sha256("") });
    const bytes = Buffer.alloc(3 * 1024 * 1024 + 1, "farhand");
    writeFileSync(path, bytes);
    expect(await sealOutput(path)).toEqual({ bytes: bytes.length, sha256: sha256(bytes) });
  });

  test("leaves out what is added while it reads", async () => {
    await using temp = await tempFolder();
    const path = temp.file("stdout");
    const bytes = Buffer.alloc(4 * 1024 * 1024, "x");
    writeFileSync(path, bytes);
    const sealed = sealOutput(path);
    appendFileSync(path, "late");
    expect(await sealed).toEqual({ bytes: bytes.length, sha256: sha256(bytes) });
  });

  test("refuses an output that shrinks while it reads", async () => {
    await using temp = await tempFolder();
    const path = temp.file("stdout");
    writeFileSync(path, Buffer.alloc(4 * 1024 * 1024, "x"));
    const sealed = sealOutput(path);
    truncateSync(path, 10);
    await expect(sealed).rejects.toThrow("output shrank to 10 bytes while it was read");
  });

  test("fails where the disk does not give the bytes", async () => {
    await using temp = await tempFolder();
    await expect(sealOutput(temp.path)).rejects.toThrow(/EISDIR/);
  });
});
