import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MeshError } from "../errors.ts";
import type { DataMessage } from "./data-message.ts";
import { DataPassage, decide, parseFirewallRules, type Passage } from "./firewall.ts";

const passage = (fromNode: string, toNode: string, fromService = "AbCd1234", toService = "control"): Passage => ({
  fromNode,
  toNode,
  fromService,
  toService,
});

describe("decide()", () => {
  test("takes the first rule that matches, and accepts without one", () => {
    const rules = parseFirewallRules([
      { Action: "accept", FromNode: "node2" },
      { action: "Reject", tonode: "node3" },
      { action: "DROP", tonode: "node1" },
    ]);
    expect(decide(rules, passage("node2", "node3"))).toBe("accept");
    expect(decide(rules, passage("node1", "node3"))).toBe("reject");
    expect(decide(rules, passage("node3", "node1"))).toBe("drop");
    expect(decide(rules, passage("node1", "node2"))).toBe("accept");
    expect(decide(parseFirewallRules([]), passage("a", "b"))).toBe("accept");
  });

  test("matches every message by a rule that has only an action", () => {
    expect(decide(parseFirewallRules([{ action: "drop" }]), passage("a", "b"))).toBe("drop");
  });

  test("asks all fields of a rule to match", () => {
    const rules = parseFirewallRules([
      { action: "drop", fromnode: "a", tonode: "b", fromservice: "x", toservice: "y" },
    ]);
    const whole = passage("a", "b", "x", "y");
    expect(decide(rules, whole)).toBe("drop");
    for (const field of Object.keys(whole)) expect(decide(rules, { ...whole, [field]: "other" })).toBe("accept");
  });

  test("matches /regex/ with the whole text", () => {
    const rules = parseFirewallRules([
      { action: "drop", fromnode: "/(?i)web.*/" },
      { action: "reject", fromnode: "/a|b/" },
    ]);
    const outcomes = ["WEB-1", "my-web", "b", "ab"].map((node) => decide(rules, passage(node, "x")));
    expect(outcomes).toEqual(["drop", "accept", "reject", "accept"]);
  });

  test("gives the same answer from memory, whatever bytes the names hold", () => {
    const rules = parseFirewallRules([
      { action: "drop", fromservice: "/a.*/", toservice: "/.*b/", tonode: "/n[0-4].*/" },
    ]);
    const name = fc.string({ unit: fc.constantFrom("a", "b", "\0", " ", "1"), maxLength: 4 });
    fc.assert(
      fc.property(name, name, fc.nat({ max: 5000 }), (from, to, node) => {
        const expected = from.startsWith("a") && to.endsWith("b") && /^n[0-4]/.test(`n${node}`) ? "drop" : "accept";
        for (const _ of [1, 2]) expect(decide(rules, passage("a", `n${node}`, from, to))).toBe(expected);
      }),
      { numRuns: 12_000 },
    );
  });

  test("reads no service unless a rule asks for one", () => {
    const rules = parseFirewallRules([{ action: "drop", fromnode: "a" }]);
    const unread = () => {
      throw new Error("read");
    };
    const data = Object.defineProperties({} as DataMessage, {
      fromService: { get: unread },
      toService: { get: unread },
    });
    expect(decide(rules, new DataPassage("a", "b", data))).toBe("drop");
    const asking = parseFirewallRules([{ action: "drop", toservice: "a" }]);
    expect(() => decide(asking, new DataPassage("a", "b", data))).toThrow("read");
  });
});

describe("parseFirewallRules()", () => {
  test.each([
    [{}, "unknown action: "],
    [{ action: "allow" }, "unknown action: allow"],
    [
      { action: "accept", node: "a" },
      /^error in rule 2: invalid firewall rule\. unknown key node; keys are action, from/,
    ],
    [{ action: 1 }, "invalid firewall rule. action must be a string"],
    [{ action: "accept", FromNode: ["a"] }, "invalid firewall rule. FromNode must be a string"],
    [{ action: "accept", tonode: null }, "invalid firewall rule. tonode must be a string"],
    [{ action: "accept", tonode: "/node" }, "invalid firewall rule. tonode is not a valid regular expression: /node"],
    [{ action: "accept", tonode: "/" }, "invalid firewall rule. tonode is not a valid regular expression: /"],
    [
      { action: "accept", tonode: "/a(/" },
      "invalid firewall rule. tonode is not a valid regular expression: /a(/ (a ( is not closed)",
    ],
  ])("refuses %j", (rule, message) => {
    const fault = typeof message === "string" ? `error in rule 2: ${message}` : expect.stringMatching(message);
    expect(() => parseFirewallRules([{ action: "accept" }, rule])).toThrow(
      expect.objectContaining({ code: "RULE_INVALID", message: fault }),
    );
  });

  test("throws nothing but RULE_INVALID", () => {
    const key = fc.constantFrom("action", "fromnode", "ToNode", "fromservice", "toservice", "__proto__", "x");
    const value = fc.oneof(
      fc.constantFrom("accept", "drop"),
      fc.string().map((text) => `/${text}/`),
      fc.anything(),
    );
    fc.assert(
      fc.property(fc.array(fc.dictionary(key, value)), (list) => {
        try {
          parseFirewallRules(list);
        } catch (error) {
          expect(error).toBeInstanceOf(MeshError);
          expect(error).toHaveProperty("code", "RULE_INVALID");
        }
      }),
    );
  });
});
