import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const page = readFileSync(join(root, "docs", "managed-workers.md"), "utf8");
/** Requirements of the specification: CAT-1 to CAT-127. */
const ids = Array.from({ length: 127 }, (_, n) => `CAT-${n + 1}`);
const rows = [...page.matchAll(/^\| (CAT-\d+) \| ([^|]+) \|([^|]*)\|([^|]*)\|$/gm)].map(
  ([, id = "", what = "", tests = "", open = ""]) => ({ id, what, tests: namedIn(tests), open: open.trim() }),
);

function namedIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, path = ""]) => path);
}

describe("docs/managed-workers.md", () => {
  test("has every requirement once", () => {
    const inOrder = rows.map(({ id }) => id).sort((a, b) => Number(a.slice(4)) - Number(b.slice(4)));
    expect(inOrder).toEqual(ids);
  });

  test("names test files that are there", () => {
    const missing = rows.flatMap(({ tests }) => tests).filter((path) => !existsSync(join(root, path)));
    expect(missing).toEqual([]);
    expect(rows.flatMap(({ tests }) => tests).filter((path) => !path.endsWith(".test.ts"))).toEqual([]);
  });

  test("says why, where there is no test", () => {
    const silent = rows.filter(({ tests, open }) => tests.length === 0 && !open.startsWith("not yet"));
    expect(silent.map(({ id }) => id)).toEqual([]);
  });

  test("names every test file whose titles name a requirement", () => {
    const files = ["src", "test/e2e"].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((path) => path.endsWith(".test.ts"))
        .map((path) => `${folder}/${path}`),
    );
    const unnamed = files.flatMap((path) =>
      titledIn(path)
        .filter((id) => !rows.find((row) => row.id === id)?.tests.includes(path))
        .map((id) => `${id}: ${path}`),
    );
    expect(unnamed).toEqual([]);
  });
});

/** Requirements that the names of a file's tests and suites speak of. */
function titledIn(path: string): string[] {
  const text = readFileSync(join(root, path), "utf8");
  const titles = [...text.matchAll(/^\s*(?:test|describe)\w*(?:\.\w+)*\(.*$/gm)].join("\n");
  return [...new Set(titles.match(/\bCAT-\d+/g))];
}
