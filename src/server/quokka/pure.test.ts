import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { quokkaCommand } from "./command.ts";
import { readPythonLiteral } from "./python-literal.ts";
import { packetOfHexDump, pcapHeader, pcapRecord, workerTime } from "./rebuilt-packet.ts";
import { scanLines } from "./scan-lines.ts";
import { commandInfo, heartbeatReply, nothing } from "./wire.ts";

/** As Python's `repr` writes it. */
function repr(value: unknown): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string")
    return `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\n", "\\n")}'`;
  if (Array.isArray(value)) return `[${value.map(repr).join(", ")}]`;
  if (typeof value === "object")
    return `{${Object.entries(value)
      .map(([key, each]) => `${repr(key)}: ${repr(each)}`)
      .join(", ")}}`;
  return JSON.stringify(value);
}

/** As scapy writes it. */
function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const part = [...bytes.subarray(at, at + 16)];
    const pairs = part.map((byte) => `${byte.toString(16).padStart(2, "0").toUpperCase()} `).join("");
    const text = part.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${at.toString(16).padStart(4, "0")}  ${pairs.padEnd(48)} ${text}`);
  }
  return lines.join("\n");
}

describe("a literal of Python", () => {
  test("is read as the data it is", () => {
    expect(readPythonLiteral("{'a': (1, 2), 22: {'x': None}, \"q\": 'it\\'s' \n 'two'}")).toEqual({
      ...{ a: [1, 2], 22: { x: null }, q: "it'stwo" },
    });
    expect(readPythonLiteral("[(), (1,), ('x'), True, -1.5e3, u'\\u00e4', b'\\x00z', {1, 2}]")).toEqual([
      ...[[], [1], "x", true, -1500, "ä", "\0z", [1, 2]],
    ]);
  });

  test("comes back whole, whatever it holds", () => {
    // JSON writes a zero below zero as zero.
    const value = fc.jsonValue({ maxDepth: 4 }).map((each): unknown => JSON.parse(JSON.stringify(each)));
    fc.assert(
      fc.property(value, (each) => {
        expect(readPythonLiteral(repr(each))).toEqual(each);
      }),
    );
  });

  test("is nothing when it is anything else, and never runs", () => {
    for (const text of [
      ...["", "{", "[1", "__import__('os')", "1 if 1 else 2", "{'a' 1}", "'a", "nan", "inf", "1_000_", "{[]: 1}"],
      ...["[".repeat(5_000), "1e999", "'\\x4'", "{'a': 1}; b", "lambda: 1", "'''a'''x"],
    ])
      expect(readPythonLiteral(text), text.slice(0, 30)).toBeUndefined();
    fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => void readPythonLiteral(text)));
    expect(Object.getPrototypeOf(readPythonLiteral("{'__proto__': {'polluted': 1}}"))).toBe(Object.prototype);
    expect({}).not.toHaveProperty("polluted");
  });
});

describe("a packet", () => {
  test("is rebuilt from scapy's hex dump, byte for byte", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
        expect(packetOfHexDump(hexDump(bytes))).toEqual(Buffer.from(bytes));
      }),
    );
    fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => void packetOfHexDump(text)));
    for (const dump of ["", "nonsense", "0010  00 ", "0000  zz", "0000  00\n0020  00"])
      expect(packetOfHexDump(dump), dump).toBeUndefined();
  });

  test("is a record of a capture file, at the worker's time in our zone", () => {
    expect(pcapHeader().toString("hex")).toBe("d4c3b2a10200040000000000000000000000040001000000");
    const now = Date.parse("2026-11-21T19:52:25Z");
    const at = workerTime("2026-11-21 20:52:24.32891", now);
    expect(at).toBeCloseTo(Date.parse("2026-11-21T19:52:24Z") + 328.91, 2);
    const record = pcapRecord(Buffer.from("abc"), at);
    expect([record.readUInt32LE(0), record.readUInt32LE(4), record.readUInt32LE(8)]).toEqual([
      ...[Math.floor(at / 1_000), 328_910, 3],
    ]);
    for (const wrong of ["yesterday", "", "2036-11-21 20:52:24.3"]) expect(workerTime(wrong, now)).toBe(now);
  });
});

describe("a scan", () => {
  test("becomes lines like our own, and keeps its text", () => {
    const text = `{'nmap': {'scanstats': {'elapsed': '1.83', 'uphosts': '1'}},
 'scan': {'127.0.0.1': {'osmatch': [{'name': 'Linux 5', 'accuracy': '98'}], 'status': {'state': 'up'},
   'tcp': {22: {'state': 'open', 'name': 'ssh', 'product': 'OpenSSH', 'version': '9.2'}, 80: {'state': 'closed', 'name': 'http'}}}}}`;
    expect(scanLines(text, "localhost")).toEqual([
      {
        ...{ type: "port", address: "127.0.0.1", port: 22, protocol: "tcp", state: "open" },
        service: { name: "ssh", product: "OpenSSH", version: "9.2", guessed: false },
      },
      {
        ...{ type: "port", address: "127.0.0.1", port: 80, protocol: "tcp", state: "closed" },
        service: { name: "http", guessed: true },
      },
      {
        ...{ type: "host", address: "127.0.0.1", state: "up", open: 1, closed: 1, filtered: 0 },
        systems: [{ name: "Linux 5", accuracy: 98 }],
      },
      {
        ...{ type: "summary", program: "nmap", target: "localhost", hosts: 1, up: 1, open: 1, seconds: 1.83 },
        ...{ complete: true, raw: text },
      },
    ]);
    expect(scanLines("nonsense", "x")).toMatchObject([{ type: "summary", complete: false, raw: "nonsense" }]);
  });
});

describe("an order", () => {
  const params = (asked: object) => ({ params: JSON.stringify(asked) });

  test("has the fields that the program reads, and no others", () => {
    const capture = quokkaCommand("capture", params({ filter: "host 192.0.2.7 and tcp port 443", seconds: 10 }));
    expect(capture.info).toEqual({ interface: "", ip: "192.0.2.7", protocol: "tcp", port: "443", count: "0" });
    expect(capture.withinMs).toBe(10_000);
    expect(quokkaCommand("capture", params({ filter: "udp port 53" })).info).toMatchObject({ ip: null, port: "53" });
    expect(quokkaCommand("portscan", params({ targets: ["192.0.2.7"] })).info).toEqual({
      ...{ host_ip: "192.0.2.7", host_name: "192.0.2.7" },
    });
    expect(quokkaCommand("traceroute", params({ target: "www.example.org" })).info).toEqual({
      target: "www.example.org",
    });
  });

  test("is refused where the program cannot do it, and nothing gets through to its other programs", () => {
    const refused: [Parameters<typeof quokkaCommand>[0], object][] = [
      ...["-iL /etc/passwd", "a b", "x;id", "$(id)", "-oN", "a\nb", "", "x".repeat(300), "10.0.0.0/8"].flatMap(
        (host): [Parameters<typeof quokkaCommand>[0], object][] => [
          ["portscan", { targets: [host] }],
          ["traceroute", { target: host }],
        ],
      ),
      ["portscan", { targets: ["a", "b"] }],
      ["portscan", { targets: ["a"], ports: "80" }],
      ["traceroute", { target: "a", method: "icmp" }],
      ["traceroute", { target: 7 }],
      ["traceroute", { target: "a", more: 1 }],
      ...["host x or host y", "port 80", "icmp port 1", "tcp port 99999", "greater 5", "host ::g", "tcp", ""].map(
        (filter): [Parameters<typeof quokkaCommand>[0], object] => ["capture", { filter }],
      ),
      ["capture", { filter: "udp", interface: "eth0; id" }],
      ["capture", { filter: "udp", seconds: -1 }],
    ];
    for (const [type, asked] of refused)
      expect(() => quokkaCommand(type, params(asked)), JSON.stringify(asked)).toThrow(
        expect.objectContaining({ code: "QUOKKA_PARAMS" }) as Error,
      );
    for (const given of [{ params: "[]" }, { params: "{" }, { other: "x" }])
      expect(() => quokkaCommand("capture", given as never)).toThrow(/param/);
  });
});

describe("what goes over the wire", () => {
  test("is byte for byte what the original's server says", () => {
    const info = commandInfo({ quokka: "192.0.2.10", port: "443", ip: null });
    expect(info).toBe('{"quokka": "192.0.2.10", "port": "443", "ip": null}');
    const order = { id: 1, host: "h0", serial: "s0", workerType: "capture" as const, info: '{"n": 0}' };
    expect(heartbeatReply([order])).toEqual({
      ...{ status: 200, contentType: "application/json" },
      body:
        '{"commands":[{"command":"start-capture","command_info":"{\\"n\\": 0}","delivered":false,"host":"h0","id":1,' +
        '"serial":"s0","timestamp":null,"worker_type":"capture"}]}\n',
    });
    expect(heartbeatReply([]).body).toBe('{"commands":[]}\n');
    expect(nothing.body).toBe("{}\n");
  });
});
