import { readFileSync, statSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { storePayload } from "./payload.ts";

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

describe("storePayload()", () => {
  test("stores every byte in its order, privately", async () => {
    await using temp = await tempFolder();
    expect(await storePayload(temp.file("stdin"), chunks("one ", "", "two\0"))).toBe(8);
    expect(readFileSync(temp.file("stdin"), "utf8")).toBe("one two\0");
    expect(statSync(temp.file("stdin")).mode & 0o777).toBe(0o600);
  });

  test("leaves the empty file of an empty payload as it is", async () => {
    await using temp = await tempFolder();
    writeFileSync(temp.file("stdin"), "");
    expect(await storePayload(temp.file("stdin"), chunks())).toBe(0);
    expect(readFileSync(temp.file("stdin"))).toHaveLength(0);
  });

  test("fails as its source fails", async () => {
    await using temp = await tempFolder();
    const source = async function* () {
      yield Buffer.from("half");
      throw new Error("connection lost");
    };
    await expect(storePayload(temp.file("stdin"), source())).rejects.toThrow("connection lost");
  });

  test("asks for no more than it has stored", async () => {
    await using temp = await tempFolder();
    const path = temp.file("stdin");
    const source = async function* () {
      for (let n = 0; n < 5; n++) {
        expect(statSync(path, { throwIfNoEntry: false })?.size ?? 0).toBe(n * 1000);
        yield Buffer.alloc(1000);
      }
    };
    expect(await storePayload(path, source())).toBe(5000);
  });
});
