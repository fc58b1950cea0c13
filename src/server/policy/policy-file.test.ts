import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eventually } from "../../../test/kit/api.ts";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { openPolicyFile } from "./policy-file.ts";

/** A policy file in a folder of its own, and what was logged of it. */
async function policyFile(text?: string) {
  const folder = await tempFolder();
  const path = join(folder.path, "policy.yaml");
  if (text !== undefined) await writeFile(path, text);
  const logged: string[] = [];
  const note = (message: string): void => void logged.push(message);
  const policy = await openPolicyFile({ path, log: { info: note, error: note } });
  return {
    policy,
    path,
    logged,
    write: async (next: string) => {
      await writeFile(`${path}.new`, next);
      await rename(`${path}.new`, path);
    },
    [Symbol.asyncDispose]: async () => {
      await policy.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

test("CAT-96: without a file everything is included", async () => {
  const policy = await openPolicyFile({ path: undefined, log: { info: () => {}, error: () => {} } });
  expect(policy.allowed("remote.configure")).toBe(true);
  await policy.close();
});

test("CAT-96: presets are switched while the server runs, and whoever listens is told", async () => {
  await using file = await policyFile("preset: open");
  const { policy, write } = file;
  let told = 0;
  policy.listen(() => void told++);
  const may = () => policy.remoteFeatures({ worker: { mode: "cloud", isOnly: true } }).length;
  expect(may()).toBe(3);
  await write("preset: locked");
  await eventually(may).toBe(1);
  await write("preset: catdv-like");
  await eventually(may).toBe(3);
  expect(policy.countsWorkers).toBe(true);
  await write('{"preset":"open","workers.max":3}');
  await eventually(() => policy.maxWorkers).toBe(3);
  expect(told).toBe(3);
});

test("a bad file leaves the last good one in force, and says so until it is good again", async () => {
  await using file = await policyFile("preset: catdv-like\nremote.operate: true");
  const { policy, write, path, logged } = file;
  await write("preset: opne");
  await eventually(() => policy.fault).toContain("preset");
  expect(policy.allowed("remote.operate")).toBe(true);
  expect(logged.at(-1)).toContain("catdv-like stays in force");
  await rm(path);
  await eventually(() => policy.fault).toContain("ENOENT");
  expect(policy.allowed("remote.operate")).toBe(true);
  await write("preset: locked");
  await eventually(() => policy.fault).toBeUndefined();
  expect(policy.allowed("remote.operate")).toBe(false);
});

test("CAT-99: a server whose file is bad or missing from the start lets people look on, and no more", async () => {
  for (const text of [undefined, "preset: opne"]) {
    await using file = await policyFile(text);
    expect(file.policy.fault).toBeDefined();
    expect(file.policy.remoteFeatures({})).toEqual(["remote.monitor"]);
  }
});
