import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { presets } from "./policy.ts";
import { parsePolicy } from "./policy-text.ts";

describe("parsePolicy()", () => {
  test("reads the flat part of YAML, and JSON", () => {
    const policy = { preset: "catdv-like", "remote.operate": true, "workers.max": 20 };
    const lines = '# ours\n---\npreset: "catdv-like"\n\nremote.operate: true  # Anna paid\r\nworkers.max: 20\n';
    expect(parsePolicy(lines)).toEqual(policy);
    expect(parsePolicy(JSON.stringify(policy))).toEqual(policy);
    expect(parsePolicy("{}")).toEqual({ preset: "open" });
  });

  test.each([
    ["an unknown feature", "remote.everything: true", "remote.everything"],
    ["an unknown preset", "preset: closed", "preset"],
    ["a text for a switch", 'remote.operate: "true"', "remote.operate"],
    ["a yes of YAML 1.1", "remote.operate: yes", "remote.operate"],
    ["a number that is none", "workers.max: -1", "workers.max"],
    ["a feature said twice", "cloud.config: true\ncloud.config: false", "line 2"],
    ["a nested document", "remote:\n  operate: true", "line 1"],
    ["JSON that breaks off", '{"preset":', "JSON"],
    ["an empty file, which may be half written", "\n", "says nothing"],
    ["too much", `# ${"a".repeat(70_000)}`, "longer"],
  ])("refuses %s and says where", (_what, text, where) => {
    const message = expect.stringContaining(where);
    expect(() => parsePolicy(text)).toThrow(expect.objectContaining({ code: "SETTINGS_INVALID", message }));
  });

  test("gives a policy or refuses, whatever is in the file", () => {
    const near = fc.stringMatching(/^((preset|remote\.operate|workers\.max|x): ?(open|true|12|"locked")?\n?){0,4}$/);
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), near), (text) => {
        try {
          expect(presets).toContain(parsePolicy(text).preset);
        } catch (error) {
          expect(error).toMatchObject({ code: "SETTINGS_INVALID" });
        }
      }),
    );
  });
});
