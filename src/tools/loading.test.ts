import { expect, test, vi } from "vitest";

const loaded: string[] = [];
vi.mock("fast-xml-parser", () => ({ XMLParser: vi.fn(), loaded: loaded.push("fast-xml-parser") }));
vi.mock("dns-packet", () => ({ decode: () => ({}), encode: () => "", loaded: loaded.push("dns-packet") }));

test("a daemon that has all tools does not load what only the run of one needs", async () => {
  const { allTools } = await import("./mod.ts");
  expect(allTools).toHaveLength(8);
  expect(loaded).toEqual([]);
});
