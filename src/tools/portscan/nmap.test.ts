import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nmapArguments } from "./nmap.ts";
import { readNmapElement } from "./nmap-xml.ts";
import { PortscanParams } from "./params-schema.ts";
import { portsOf } from "./ports.ts";
import { XmlElements } from "./xml-elements.ts";

/** As nmap 7.93 writes it. */
const xml = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE nmaprun [<!ENTITY a "aaaa">]>
<nmaprun scanner="nmap"><scaninfo type="connect" protocol="tcp" numservices="4"/>
<taskprogress task="Connect Scan" time="1795384846" percent="41.50" remaining="3" etc="1795384849"/>
<host starttime="1" endtime="2"><status state="up" reason="conn-refused" reason_ttl="0"/>
<address addr="10.9.0.2" addrtype="ipv4"/><address addr="02:00:00:00:00:01" addrtype="mac"/>
<ports><extraports state="closed" count="2"><extrareasons reason="conn-refused" count="2"/></extraports>
<port protocol="tcp" portid="22"><state state="open" reason="syn-ack"/><service name="ssh" product="OpenSSH" version="9.2 &quot;&gt;" method="probed" conf="10"/></port>
<port protocol="tcp" portid="80"><state state="filtered" reason="no-response"/><service name="http" method="table" conf="3"/></port>
</ports></host>
<runstats><finished time="1"/><hosts up="1" down="0" total="1"/></runstats></nmaprun>`;

describe("XmlElements", () => {
  test("gives each element we read as soon as it is whole, however the text is cut", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), (length) => {
        const elements = new XmlElements();
        const found: string[] = [];
        for (let at = 0; at < xml.length; at += length) found.push(...elements.push(xml.slice(at, at + length)));
        expect(found.map((element) => /^<(\w+)/.exec(element)?.[1])).toEqual(["taskprogress", "host", "runstats"]);
      }),
    );
  });

  test("gives up on an element without an end", () => {
    const elements = new XmlElements();
    elements.push("<host >");
    expect(() => elements.push("x".repeat(5 * 1024 * 1024))).toThrow(RangeError);
  });
});

describe("readNmapElement()", () => {
  const lines = (asked: number) => new XmlElements().push(xml).flatMap((element) => readNmapElement(element, asked));

  test("reads ports, their services, the host and how far it is", () => {
    expect(lines(4)).toEqual([
      { type: "progress", percent: 41.5, part: "Connect Scan" },
      {
        ...{ type: "port", address: "10.9.0.2", port: 22, protocol: "tcp", state: "open" },
        service: { name: "ssh", product: "OpenSSH", version: '9.2 ">', guessed: false },
      },
      {
        ...{ type: "port", address: "10.9.0.2", port: 80, protocol: "tcp", state: "filtered" },
        service: { name: "http", guessed: true },
      },
      { type: "host", address: "10.9.0.2", state: "up", open: 1, closed: 2, filtered: 1 },
    ]);
  });

  test("leaves out ports that are not open where many were asked for", () => {
    expect(lines(1_000).filter(({ type }) => type === "port")).toHaveLength(1);
  });

  test("makes lines of any text, or none", () => {
    fc.assert(fc.property(fc.string(), (text) => Array.isArray(readNmapElement(`<host ${text}</host>`, 1))));
  });
});

test("nmapArguments() scans by connections, resolves nothing, and takes no target for an option", () => {
  const argv = nmapArguments(PortscanParams.parse({ targets: ["a"], ports: "22,80" }), ["10.0.0.1", "10.0.0.2"], 50);
  expect(argv).toEqual(expect.arrayContaining(["-oX", "-n", "-sT", "--unprivileged", "--max-rate", "50"]));
  expect(argv.slice(-3)).toEqual(["--", "10.0.0.1", "10.0.0.2"]);
});

test.each([
  ["22", [22]],
  ["80,22,22-24", [22, 23, 24, 80]],
  ["0", undefined],
  ["65536", undefined],
  ["9-1", undefined],
  ["22;id", undefined],
  ["-p", undefined],
  ["", undefined],
])("portsOf(%j) is %j", (text, ports) => {
  expect(portsOf(text)).toEqual(ports);
});
