import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runProcess } from "../kit/processes.ts";

const root = join(import.meta.dirname, "..", "..");
const outside = new Set(["node_modules", "dist", ".git", ".cache", "coverage"]);

/** Every file of the repository, without what is built or installed. */
function files(folder = root): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return outside.has(entry.name) ? [] : files(path);
    return entry.isFile() && statSync(path).size < 4 * 1024 * 1024 ? [path] : [];
  });
}

test("package-lock.json records no download address, so that it installs from any mirror", () => {
  // The workspace of the pages is a folder of this repository.
  expect(readFileSync(join(root, "package-lock.json"), "utf8")).not.toMatch(/"resolved": "(?!web")/);
});

test("package-lock.json lists every platform's packages, or npm ci would refuse it", async () => {
  const check = await runProcess(process.execPath, [join(root, "scripts", "complete-lock.mjs"), "--check"]);
  expect(check).toMatchObject({ code: 0, stdout: "package-lock.json is complete\n" });
});

test("no file names a registry's host: ordinary clients find their own", async () => {
  const configured = await Promise.all([
    runProcess("npm", ["config", "get", "registry"]),
    runProcess("python3", ["-m", "pip", "config", "get", "global.index-url"]).catch(() => ({ stdout: "" })),
  ]);
  const ours = configured.map(({ stdout }) => /https?:\/\/(?:[^/@\s]*@)?([^/:\s]+)/.exec(stdout)?.[1] ?? "");
  // Written in parts, or this file would name them itself.
  const known = [
    ["registry", "npmjs", "org"],
    ["registry", "yarnpkg", "com"],
    ["files", "pythonhosted", "org"],
  ];
  const hosts = [...known.map((parts) => parts.join(".")), ...ours].filter(
    (host) => host !== "" && !/^(localhost|127\.|\[?::1)/.test(host),
  );
  const naming = files().filter((path) => hosts.some((host) => readFileSync(path, "utf8").includes(host)));
  expect(naming.map((path) => path.slice(root.length + 1))).toEqual([]);
});
