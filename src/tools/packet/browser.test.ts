import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));

test.each(files)("%s runs in a browser: it imports nothing but its neighbours, and uses nothing of Node", (file) => {
  const text = readFileSync(join(import.meta.dirname, file), "utf8");
  const imported = [...text.matchAll(/^(?:import|export) [^;]*? from "([^"]+)";/gms)].map(([, from]) => from);
  expect(imported.filter((from) => !from?.startsWith("./"))).toEqual([]);
  expect(text).not.toMatch(/\b(Buffer|process|require)\b[.(]/);
});
