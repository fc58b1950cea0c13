import { describe, expect, test } from "vitest";
import { SettingsError } from "../errors.ts";
import { parseReceptorArgs } from "./receptor-args.ts";

const files: Record<string, string> = {
  "a.yml": "- node: a\n- tcp-listener: {port: 1, tls: late}\n",
  "b.yml": "control-services:\n- filename: /tmp/b\n",
  "bad.yml": "- what\n",
};

function readFile(path: string): string {
  const text = files[path];
  if (text === undefined) throw Object.assign(new Error("not there"), { code: "ENOENT" });
  return text;
}

function parse(line: string) {
  return parseReceptorArgs(line === "" ? [] : line.split(" "), readFile);
}

function start(argv: readonly string[]) {
  const request = parseReceptorArgs(argv, readFile);
  return request.kind === "start" ? request.directives : [];
}

function messageOf(line: string): string {
  try {
    parse(line);
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  return "";
}

describe("parseReceptorArgs()", () => {
  test.each([
    ["", "help"],
    ["--help", "help"],
    ["--node id=a -h", "help"],
    ["--version", "version"],
    ["--bash-completion", "bash-completion"],
  ])("%j asks for %s", (line, kind) => {
    expect(parse(line)).toEqual({ kind });
  });

  test("takes sections with keys and bare values, in any case", () => {
    expect(
      start(["--Node", "ID=foo", "--TCP-listener", "1234", "cost=1.5", "--log-level", "Debug", "--trace"]),
    ).toMatchObject([
      { section: "node", values: { id: "foo" } },
      { section: "tcp-listener", values: { port: 1234, cost: 1.5 } },
      { section: "log-level", values: { level: "debug" } },
      { section: "trace", values: {} },
    ]);
  });

  test("takes files and sections in their order, whatever the form", () => {
    const request = parse("-c a.yml --config-v2 --tls-server name=late cert=c key=k --config b.yml --config=b.yml");
    expect(request).toMatchObject({
      files: ["a.yml", "b.yml", "b.yml"],
      directives: [
        { section: "node" },
        { section: "tcp-listener" },
        { section: "tls-server" },
        { section: "control-service" },
        { section: "control-service" },
      ],
    });
  });

  test("reads JSON in a value", () => {
    for (const [json, nodecost] of [
      ["{}", {}],
      ['{"a": 1}', { a: 1 }],
      ['{"a": 1.1}', { a: 1.1 }],
      ['{"a": 1.3, "b": 5.6, "c": 0.2}', { a: 1.3, b: 5.6, c: 0.2 }],
    ] as const) {
      for (const listener of ["tcp-listener", "ws-listener", "udp-listener"]) {
        const [directive] = start([`--${listener}`, "port=0", `nodecost=${json}`]);
        expect(directive?.values).toMatchObject({ nodecost });
      }
    }
  });

  test("goes on with a list that is given twice", () => {
    const [directive] = start(["--tcp-listener", "1", "allowedpeers=a", "AllowedPeers=b", "allowedpeers=c"]);
    expect(directive?.values).toMatchObject({ allowedpeers: ["a", "b", "c"] });
  });

  test.each(["1", "1.5", "1.0", "0.2", "52", "23"])("accepts cost=%s", (cost) => {
    for (const listener of ["tcp-listener", "ws-listener", "udp-listener"]) {
      expect(start([`--${listener}`, "port=0", `cost=${cost}`])[0]?.values).toMatchObject({ cost: Number(cost) });
    }
  });

  test.each([
    ["--tcp-listener port=0 cost=-1", "connection cost must be positive"],
    ["--node a --node b", 'directive "node" is only allowed once'],
    ["--nosuch", "could not get config type for command nosuch: unknown config type nosuch"],
    [
      "--trace x",
      "could not get barevalue for command trace: command does not allow bare values (write key=value instead of x)",
    ],
    [
      "--node=a",
      "could not get config type for command node=a: unknown config type node=a (write --node key=value, as two words)",
    ],
    ["--version --node a", "cannot specify any other options with version"],
    ["--cert-init commonname=a bits=1 outcert=c outkey=k --node a", "cannot specify any other options with cert-init"],
    ["foo --node a", "unexpected argument foo (sections start with --, as in --node id=NAME)"],
    ["--config", "--config needs a file name (write --config FILE)"],
    ["--config a.yml b.yml --tls-server name=late cert=c key=k", "unexpected argument b.yml after --config a.yml"],
    [
      "-c no.yml",
      "error loading config file: open no.yml: no such file or directory (check the path and who may read it)",
    ],
    [
      "-c bad.yml --what",
      "bad.yml:1:3: could not get config type for command what: unknown config type what\ncould not get",
    ],
  ])("%s: %s", (line, message) => {
    expect(messageOf(line).slice(0, message.length)).toBe(message);
  });

  test("a file that cannot be read has a code of its own", () => {
    expect(() => parse("-c no.yml")).toThrow(expect.objectContaining({ code: "SETTINGS_UNREADABLE" }));
  });
});
