import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseWorkRules } from "./parse-work-rules.ts";
import { ruledCommands, type WorkAttempt } from "./work-rules.ts";

const attempt: WorkAttempt = { from: "mesh", fromNode: "foo", toNode: "", workType: "echo", command: "submit" };
const local: WorkAttempt = { ...attempt, from: "unix", fromNode: "" };

describe("WorkRules.allow()", () => {
  test("allows everything without rules, and what no rule matches", () => {
    expect(parseWorkRules([]).allow(attempt)).toBe(true);
    expect(parseWorkRules([{ action: "reject", fromnode: "bar" }]).allow(attempt)).toBe(true);
  });

  test("rejects everything by a rule that has only an action", () => {
    const rules = parseWorkRules([{ action: "reject" }]);
    for (const command of ruledCommands) {
      expect(rules.allow({ ...attempt, command })).toBe(false);
      expect(rules.allow({ ...local, command })).toBe(false);
    }
  });

  test("tells roads apart, and knows no node behind those that are not the mesh", () => {
    const rules = parseWorkRules([
      { Action: "Accept", From: "Unix" },
      { action: "accept", fromnode: "" },
      { action: "REJECT" },
    ]);
    expect((["unix", "tcp", "tls"] as const).map((from) => rules.allow({ ...local, from }))).toEqual([
      true,
      true,
      true,
    ]);
    expect(rules.allow(attempt)).toBe(false);
    expect(parseWorkRules([{ action: "reject", from: "/tcp|tls/" }]).allow({ ...local, from: "tls" })).toBe(false);
  });

  test("asks of a text too long for any name nothing but refuses it, unless there are no rules", () => {
    const workType = "x".repeat(1025);
    expect(parseWorkRules([{ action: "accept" }]).allow({ ...attempt, workType })).toBe(false);
    expect(parseWorkRules([]).allow({ ...attempt, workType })).toBe(true);
  });

  test("is the first rule that matches, whatever the rules", () => {
    const name = fc.constantFrom("", "a", "b", "ab");
    const value = fc.oneof(name, fc.constantFrom("/a/", "/a|b/", "/a?b?/", "/.+/", "/[^a]*/"));
    const written = fc.record(
      {
        action: fc.constantFrom("accept", "reject", "Reject"),
        from: fc.constantFrom("mesh", "UNIX", "/tcp|mesh/", "/.*/"),
        fromnode: value,
        tonode: value,
        worktype: value,
        command: fc.constantFrom("submit", "List", "/cancel|.*release/"),
      },
      { requiredKeys: ["action"] },
    );
    const attempts = fc.record({
      from: fc.constantFrom("unix", "tcp", "tls", "mesh"),
      fromNode: name,
      toNode: name,
      workType: name,
      command: fc.constantFrom(...ruledCommands),
    });
    const keys = {
      from: "from",
      fromnode: "fromNode",
      tonode: "toNode",
      worktype: "workType",
      command: "command",
    } as const;
    fc.assert(
      fc.property(fc.array(written, { maxLength: 6 }), attempts, (list, given) => {
        let rules: ReturnType<typeof parseWorkRules>;
        try {
          rules = parseWorkRules(list);
        } catch {
          fc.pre(false);
          return;
        }
        const deciding = list.find((rule) =>
          Object.entries(keys).every(([key, field]) => {
            const text = (rule as Record<string, string>)[key];
            const word = key === "from" || key === "command" ? text?.toLowerCase() : text;
            if (text === undefined || word === given[field]) return true;
            return text.startsWith("/") && new RegExp(`^(?:${text.slice(1, -1)})$`).test(given[field]);
          }),
        );
        expect(rules.allow(given)).toBe(deciding?.action.toLowerCase() !== "reject");
      }),
      { numRuns: 3_000 },
    );
  });
});

describe("parseWorkRules()", () => {
  test.each([
    [{}, "action is missing"],
    [{ worktype: "a" }, "action is missing"],
    [{ action: "drop" }, 'action must be accept or reject, not "drop"'],
    [{ action: 1 }, "action must be a string"],
    [{ action: "accept", worktype: 7 }, "worktype must be a string"],
    [{ action: "accept", fromnode: null }, "fromnode must be a string"],
    [
      { action: "accept", node: "a" },
      "node is no key of a rule; keys are action, from, fromnode, tonode, worktype, command",
    ],
    [{ action: "accept", Action: "reject" }, "action is given twice"],
    [{ action: "reject", command: "cancle" }, /^command must be one of submit, .*, not "cancle"$/],
    [{ action: "reject", from: "ssh" }, 'from must be one of unix, tcp, tls, mesh, not "ssh"'],
    [{ action: "reject", from: "/ssh/" }, "from matches no road"],
    [{ action: "reject", worktype: "/a(/" }, "worktype is not a valid regular expression: /a(/ (a ( is not closed)"],
    [{ action: "reject", tonode: "/a" }, "tonode is not a valid regular expression: /a"],
    [{ action: "reject", from: "mesh", fromnode: "" }, "fromnode is empty, and a session over the mesh has one"],
    [{ action: "reject", from: "tcp", fromnode: "foo" }, "fromnode is given, and only a session over the mesh has one"],
  ])("refuses %j and names rule and key", (rule, message) => {
    const parse = () => parseWorkRules([{ action: "accept" }, rule]);
    const text = typeof message === "string" ? `error in rule 2: ${message}` : undefined;
    expect(parse).toThrow(expect.objectContaining({ code: "WORK_RULE_INVALID", ...(text && { message: text }) }));
    if (!text) expect(parse).toThrow(/error in rule 2: command must be one of/);
  });

  test("takes any settings or throws its one error", () => {
    const key = fc.constantFrom("action", "from", "fromnode", "tonode", "worktype", "command", "__proto__", "x");
    const value = fc.oneof(fc.constantFrom("accept", "reject", "mesh", "/", "//", "/(/"), fc.string(), fc.anything());
    fc.assert(
      fc.property(fc.array(fc.dictionary(key, value), { maxLength: 4 }), (list) => {
        try {
          expect(parseWorkRules(list).allow(attempt)).toBeTypeOf("boolean");
        } catch (error) {
          expect(error).toMatchObject({ code: "WORK_RULE_INVALID" });
        }
      }),
    );
  });
});
