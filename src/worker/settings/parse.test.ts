import { describe, expect, test } from "vitest";
import { SettingsError } from "../errors.ts";
import { directivesOf } from "./directive.ts";
import { largestSettings, parseSettings } from "./parse.ts";

const listExample = `
- node: {id: foo}
- log-level: {level: Debug}
- control-service: {service: control, filename: /tmp/foo.sock}
- work-command: {worktype: echoint, command: bash, params: "-c \\"for i in {1..5}; do echo $i; sleep 1; done\\""}
- work-command: {workType: listcontents, command: ls, allowruntimeparams: true}
`;

const mapExample = `version: 2
node:
  id: bar
log-level:
  level: Debug
control-services:
  - service: control
    filename: /tmp/bar.sock
work-commands:
  - workType: echopayload
    command: bash
    params: "-c \\"while read -r line; do echo \${line^^}; sleep 3; done\\""
`;

function faultsOf(text: string) {
  try {
    parseSettings(text, "foo.yml");
  } catch (error) {
    if (error instanceof SettingsError) return error.faults;
    throw error;
  }
  return [];
}

function firstOf(text: string) {
  const [directive] = parseSettings(text, "foo.yml");
  return { ...directive?.values } as Record<string, unknown>;
}

describe("parseSettings() reads both forms", () => {
  test("list form", () => {
    const directives = parseSettings(listExample, "foo.yml");
    expect(directives.map(({ section }) => section)).toEqual([
      "node",
      "log-level",
      "control-service",
      "work-command",
      "work-command",
    ]);
    expect(directivesOf(directives, "log-level")[0]?.values).toEqual({ level: "debug", format: "receptor" });
    expect(directivesOf(directives, "control-service")[0]?.values).toMatchObject({ permissions: 0o600 });
    const [echoint, list] = directivesOf(directives, "work-command");
    expect(echoint?.values.params).toBe('-c "for i in {1..5}; do echo $i; sleep 1; done"');
    expect(list).toMatchObject({ values: { worktype: "listcontents", allowruntimeparams: true, cancelgrace: 10_000 } });
    expect(list?.given).toEqual(["worktype", "command", "allowruntimeparams"]);
  });

  test("map form", () => {
    const directives = parseSettings(mapExample, "bar.yml");
    expect(directivesOf(directives, "node")[0]?.values.id).toBe("bar");
    expect(directivesOf(directives, "control-service")[0]?.values.filename).toBe("/tmp/bar.sock");
    expect(directivesOf(directives, "work-command")[0]?.values.params).toBe(
      '-c "while read -r line; do echo ${line^^}; sleep 3; done"',
    );
  });

  test("an empty file has no sections", () => {
    expect(parseSettings("---\n", "foo.yml")).toEqual([]);
    expect(parseSettings("[]", "foo.yml")).toEqual([]);
    expect(parseSettings("{}", "foo.yml")).toEqual([]);
  });

  test("sections without parameters and with a bare value", () => {
    const text = "- trace\n- local-only:\n- log-level: WARNING\n- tcp-listener: 2222\n- tcp-peer: host:1234\n";
    expect(parseSettings(text, "foo.yml")).toMatchObject([
      { section: "trace", given: [] },
      { section: "local-only", given: [] },
      { section: "log-level", values: { level: "warning" } },
      { section: "tcp-listener", values: { port: 2222, bindaddr: "0.0.0.0", cost: 1 } },
      { section: "tcp-peer", values: { address: "host:1234", redial: true } },
    ]);
  });

  test("map form takes names in any case, one mapping for a list, and keys without a value", () => {
    const text =
      "Node: {ID: a, datadir: }\nTCP-Listeners: {port: 1}\nlocal-only:\nwork-commands:\ntcp-peers:\n- redial: no\n  address: a:1\n";
    expect(parseSettings(text, "foo.yml")).toMatchObject([
      { section: "node", values: { id: "a", datadir: "/tmp/receptor" }, given: ["id"] },
      { section: "tcp-listener", values: { port: 1 } },
      { section: "local-only" },
      { section: "tcp-peer", values: { redial: false } },
    ]);
  });
});

describe("parseSettings() turns values into the type of their field", () => {
  test.each([
    ["- node: 12", { id: "12" }],
    ["- node: {id: 1.5}", { id: "1.500000" }],
    ["- node: {id: yes}", { id: "true" }],
    ["- node: {id: 12345678901234567890}", { id: "12345678901234567890" }],
    ["- tcp-listener: {port: '0x1F'}", { port: 31 }],
    ["- tcp-listener: {port: '017'}", { port: 15 }],
    ["- tcp-listener: {port: 22.0}", { port: 22 }],
    ["- tcp-listener: {port: 1, cost: '1.5'}", { cost: 1.5 }],
    ["- tcp-listener: {port: 1, cost: 52}", { cost: 52 }],
    ["- tcp-listener: {port: 1, nodecost: {a: 1, on: 0.2}}", { nodecost: { a: 1, on: 0.2 } }],
    [`- tcp-listener: {port: 1, nodecost: '{"a": 1.3, "b": 5}'}`, { nodecost: { a: 1.3, b: 5 } }],
    ["- tcp-listener: {port: 1, nodecost: ~, allowedpeers: ~}", { nodecost: {}, allowedpeers: [] }],
    ["- tcp-listener: {port: 1, allowedpeers: foo}", { allowedpeers: ["foo"] }],
    [`- tcp-listener: {port: 1, allowedpeers: '["a", "b"]'}`, { allowedpeers: ["a", "b"] }],
    ["- tcp-listener: {port: 1, allowedpeers: [a, 2, true]}", { allowedpeers: ["a", "2", "true"] }],
    ["- tcp-peer: {address: 'a:1', redial: 'F'}", { redial: false }],
    ["- tcp-peer: {address: 'a:1', redial: 'Y'}", { redial: true }],
    ["- control-service: {permissions: 0660}", { permissions: 0o660 }],
    ["- control-service: {permissions: '0660'}", { permissions: 0o660 }],
    ["- control-service: {permissions: 0o660}", { permissions: 0o660 }],
    ["- control-service: {permissions: 432}", { permissions: 0o660 }],
    ["- node: {maxidleconnectiontimeout: 1.5h}", { maxidleconnectiontimeout: 5_400_000 }],
    ["- node: {retentionbytes: 1GiB, retentionage: 0}", { retentionbytes: 1_073_741_824, retentionage: 0 }],
    ["- work-command: {worktype: a, command: b, envallow: [PATH]}", { envallow: ["PATH"] }],
    [
      "- work-python: {worktype: a, plugin: p, function: f, config: {a: [1, 2.5], b: ~}}",
      { config: { a: [1, 2.5], b: null } },
    ],
  ])("%s", (text, values) => {
    expect(firstOf(text)).toMatchObject(values);
  });

  test.each([
    ["- tcp-listener: {port: ten}", "type error (expected integer)"],
    ["- tcp-listener: {port: 22.5}", "type error (expected integer)"],
    ["- tcp-listener: {port: true}", "type error (expected integer)"],
    ["- tcp-listener: {port: '09'}", "type error (expected integer)"],
    ["- tcp-listener: {port: }", "value cannot be nil"],
    ["- tcp-listener: {port: 70000}", "70000 is too large"],
    ["- tcp-listener: {port: 1, cost: .nan}", "type error (expected float)"],
    ["- tcp-listener: {port: 1, cost: [1]}", "type error (expected float)"],
    ["- tcp-listener: {port: 1, nodecost: {a: '1'}}", "type error (expected map of float)"],
    ["- tcp-listener: {port: 1, nodecost: '{a'}", "type error (expected map of float)"],
    ["- tcp-listener: {port: 1, allowedpeers: '[a'}", "type error (expected list of text)"],
    ["- tcp-listener: {port: 1, allowedpeers: [[a]]}", "type error (expected list of text)"],
    ["- tcp-peer: {address: 'a:1', redial: maybe}", "type error (expected boolean)"],
    ["- tcp-peer: {address: [a]}", "type error (expected text)"],
    ["- node: {id: }", "value cannot be nil"],
    ["- node: {firewallrules: {action: drop}}", "type error (expected list of maps)"],
    ["- work-python: {worktype: a, plugin: p, function: f, config: 3}", "type error (expected map)"],
    ["- control-service: {permissions: 660}", "permissions 660 are out of range"],
    ["- work-command: {worktype: a, command: b, maxruntime: 60d}", "60d is not a duration"],
    ["- work-command: {worktype: a, command: b, maxruntime: -1s}", "-1s is too short"],
    ["- work-command: {worktype: a, command: b, maxoutput: 1G}", "1G is not a size"],
    ["- work-command: {worktype: a, command: b, maxunits: 0}", "0 is too small"],
  ])("%s is refused", (text, message) => {
    expect(faultsOf(text)).toMatchObject([{ message: expect.stringContaining(message) }]);
  });
});

describe("parseSettings() reports", () => {
  test.each([
    ["- nod: foo", "could not get config type for command nod: unknown config type nod", "did you mean node?"],
    ["- Node: foo", "could not get config type for command Node: unknown config type Node", "did you mean node?"],
    ["nodes: {id: a}", "could not get config type for command nodes: unknown config type nodes", "did you mean node?"],
    ["work-command: {worktype: a, command: b}", "unknown config type work-command", "it is called work-commands"],
    ["- node: {idd: foo}", "field idd not defined for command node: unknown field name idd", "did you mean id?"],
    ["node: {dataDirr: foo}", "field dataDirr not defined for command node: unknown field name dataDirr", "datadir"],
    ["- work-command: {worktype: a}", "error in work-command: required parameter missing: command", undefined],
    ["- work-command", "error in work-command: required parameters missing: worktype, command", undefined],
    [
      "- local-only: x",
      "could not get barevalue for command local-only: command does not allow bare values",
      "key: value",
    ],
    ["- node: [a]", "invalid config format for node", "mapping"],
    ["- node: {id: a}\n  trace:\n", "config format invalid: item has multiple names", "start trace"],
    ["- {}", "config format invalid: item has no name", "section"],
    ["- 5", "config format invalid: item is not a section", "section"],
    ["- node: {id: a, ID: b}", "field ID of node is given twice", undefined],
    ["node: {id: a}\nNODE: {id: b}", "section NODE is given twice", undefined],
    ["hello", "the file holds neither a list nor a mapping", "start with"],
    ["version: 3", "only version 2 of the map form is known", "version: 2"],
    [" ".repeat(largestSettings + 1), "the file is too large", "limit"],
  ])("%.60s", (text, message, hint) => {
    const [fault] = faultsOf(text);
    expect(fault?.message).toContain(message);
    expect(fault?.hint ?? "").toContain(hint ?? "");
  });

  test("a required field that is given empty counts as given", () => {
    expect(faultsOf("- tls-client: {name: a, cert: '', key: ''}")).toEqual([]);
  });

  test("all faults of a file, each with its place", () => {
    const text =
      "- node: {id: localhost}\n- log-level: loud\n- tcp-listener:\n    port: 2222\n    cost: -1\n    coast: 1\n- what\n";
    const faults = faultsOf(text).toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
    expect(faults).toMatchObject([
      { file: "foo.yml", line: 1, column: 10, section: "node", key: "id" },
      { file: "foo.yml", line: 2, column: 14, section: "log-level", key: "level" },
      { file: "foo.yml", line: 5, column: 5, section: "tcp-listener", key: "cost" },
      { file: "foo.yml", line: 6, column: 5, section: "tcp-listener", key: "coast", hint: "did you mean cost?" },
      { file: "foo.yml", line: 7, column: 3, section: "what" },
    ]);
  });

  test("a code, and one line for each fault", () => {
    expect(() => parseSettings("- what\n- trace: {a: 1}\n", "foo.yml")).toThrow(
      expect.objectContaining({
        code: "SETTINGS_INVALID",
        message:
          "foo.yml:1:3: could not get config type for command what: unknown config type what\n" +
          "foo.yml:2:11: field a not defined for command trace: unknown field name a",
      }),
    );
  });

  test("no more than 100 faults in full", () => {
    const text = "- what\n".repeat(5000);
    expect(faultsOf(text)).toHaveLength(100);
  });
});
