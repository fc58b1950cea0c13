import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { freshBuild } from "../kit/daemon.ts";
import { runProcess } from "../kit/processes.ts";

const root = join(import.meta.dirname, "..", "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

describe("printed pages", () => {
  beforeAll(freshBuild);

  test("docs/errors.md, docs/settings.md and docs/cli.md say what the code says", async () => {
    const check = await runProcess(process.execPath, [join(root, "scripts", "print-docs.mjs"), "--check"]);
    expect(check.stdout + check.stderr).toBe("");
    expect(check.code).toBe(0);
  });
});

test("every code of every error table is in docs/errors.md", () => {
  const tables = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((path) => /(^|[/-])errors\.ts$/.test(path))
    .map((path) => read(join("src", path)));
  const codes = tables.flatMap((text) => [...text.matchAll(/^ {2}([A-Z][A-Z0-9_]+): \{/gm)].map((match) => match[1]));
  const page = read("docs/errors.md");
  expect(codes.length).toBeGreaterThan(0);
  expect(codes.filter((code) => !page.includes(`| \`${code}\` |`))).toEqual([]);
});

test("every remedy is of an error there is", () => {
  const codes = [...read("src/core/remedies.ts").matchAll(/^ {2}([A-Z_]+):/gm)].map((match) => match[1] ?? "");
  const page = read("docs/errors.md");
  expect(codes).toContain("WORKER_AWAY");
  // What nobody foresaw is in no table.
  expect(codes.filter((code) => code !== "UNEXPECTED" && !page.includes(`| \`${code}\` |`))).toEqual([]);
});

const pages = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ...markdownUnder("docs")];

function markdownUnder(folder: string): string[] {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".md")).map((name) => join(folder, name));
}

test.each(pages)("every link of %s leads somewhere", (page) => {
  const links = [...read(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map((match) => match[1] ?? "");
  const local = links.filter((link) => !/^[a-z]+:/.test(link));
  expect(local.filter((link) => !existsSync(join(root, page, "..", link)))).toEqual([]);
});
