import { chmodSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { openServerKey } from "./server-key.ts";

test("is made once, of 32 bytes, for nobody else to read, also by many at once", async () => {
  await using folder = await tempFolder();
  const path = folder.file("server.key");
  const keys = await Promise.all(Array.from({ length: 20 }, () => openServerKey(path)));
  expect(new Set(keys.map((key) => key.toString("hex"))).size).toBe(1);
  expect(keys[0]).toHaveLength(32);
  expect(await openServerKey(path)).toEqual(keys[0]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder.path)).toEqual(["server.key"]);
});

test("that others may read, or that is half a key, or has no place, is not used", async () => {
  await using folder = await tempFolder();
  const unusable = { code: "SERVER_KEY_UNUSABLE" };
  const path = folder.file("server.key");
  await openServerKey(path);
  chmodSync(path, 0o640);
  await expect(openServerKey(path)).rejects.toMatchObject(unusable);
  writeFileSync(folder.file("half"), Buffer.alloc(16), { mode: 0o600 });
  await expect(openServerKey(folder.file("half"))).rejects.toMatchObject(unusable);
  await expect(openServerKey(folder.file("no/where"))).rejects.toMatchObject(unusable);
});
