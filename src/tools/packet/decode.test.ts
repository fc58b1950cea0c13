import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodePacket } from "./decode.ts";
import { hexDump } from "./hex-dump.ts";
import type { Field, Layer, Packet } from "./packet.ts";
import { type PcapPacket, PcapPackets } from "./pcap-packets.ts";

function packetsOf(name: string): PcapPacket[] {
  return new PcapPackets().push(readFileSync(join(import.meta.dirname, "captures", `${name}.pcap`)));
}

const decoded = (name: string): Packet[] => packetsOf(name).map((packet) => decodePacket(packet.bytes, packet));

function found(name: string, info: string): Packet {
  const packet = decoded(name).find(({ summary }) => summary.info.includes(info));
  if (!packet) throw new Error(`no packet says ${info}`);
  return packet;
}

function allFields(fields: readonly Field[]): Field[] {
  return fields.flatMap((field) => [field, ...allFields(field.fields ?? [])]);
}

const layerOf = (packet: Packet, protocol: string): Layer | undefined =>
  packet.layers.find((layer) => layer.protocol === protocol);

const textOf = (packet: Packet, protocol: string, name: string): string | undefined =>
  allFields(layerOf(packet, protocol)?.fields ?? []).find((field) => field.name === name)?.text;

describe("decodePacket()", () => {
  test("takes a packet apart from the cable to the question", () => {
    const packet = found("mixed", "A web.example.test");
    expect(packet.layers.map(({ protocol }) => protocol)).toEqual(["ethernet", "ipv4", "udp", "dns"]);
    expect(packet.layers.map(({ length }) => length)).toEqual([14, 20, 8, 34]);
    expect(textOf(packet, "dns", "Question")).toBe("A web.example.test");
  });

  test("says of each field which bytes it was read from", () => {
    const [record] = packetsOf("made");
    const packet = decodePacket(record!.bytes, record!);
    const target = layerOf(packet, "ipv4")?.fields.find(({ name }) => name === "Destination");
    expect(target).toMatchObject({ text: "10.9.7.2", length: 4 });
    expect([...record!.bytes.subarray(target!.at, target!.at + 4)]).toEqual([10, 9, 7, 2]);
  });

  test("reads what a Client Hello asks for, and what a Server Hello agrees to", () => {
    const client = found("mixed", "Client Hello");
    expect(client.summary).toMatchObject({ protocol: "TLS", info: "Client Hello (SNI=web.example.test)" });
    expect(textOf(client, "tls", "Protocols")).toBe("h2, http/1.1");
    expect(textOf(client, "tls", "Versions")).toContain("TLSv1.3");
    const server = found("mixed", "Server Hello, Change Cipher Spec");
    expect(server.summary.protocol).toBe("TLSv1.3");
    expect(textOf(server, "tls", "Cipher suite")).toMatch(/^TLS_/);
  });

  test("reads VLAN tags, one and two", () => {
    const [one, two] = decoded("made");
    expect(one?.layers.map(({ title }) => title)).toContain("802.1Q VLAN 7");
    const tags = two?.layers.filter(({ protocol }) => protocol === "vlan").map(({ title }) => title);
    expect(tags).toEqual(["802.1Q VLAN 5", "802.1Q VLAN 9"]);
  });

  test("shows the packet an ICMP error is about, while its line is about the error", () => {
    const packet = found("mixed", "Port unreachable");
    expect(packet.layers.map(({ protocol }) => protocol)).toEqual(["ethernet", "ipv4", "icmp", "ipv4", "udp", "data"]);
    expect(packet.summary).toMatchObject({ source: "10.9.0.2", protocol: "ICMP" });
    expect(packet.truncated).toBe(false);
  });

  test("says that a packet was cut off, and shows what is there", () => {
    const packet = decoded("made").at(-1);
    expect(packet).toMatchObject({
      truncated: true,
      summary: { length: 234, info: "Standard query 0x1234 [truncated]" },
    });
    expect(textOf(packet as Packet, "dns", "Id")).toBe("0x1234");
  });

  test("shows bytes of a link type nobody has told it of, by the name of that type", () => {
    const packet = decodePacket(Uint8Array.of(1, 2, 3), { linkType: 105, time: 0, originalLength: 3 });
    expect(packet.summary.protocol).toBe("802.11");
    expect(packet.layers).toMatchObject([{ protocol: "data", at: 0, length: 3 }]);
  });

  test("lets no character through that steers a terminal", () => {
    const query = Buffer.from("GET /\u001b[2J HTTP/1.1\r\nX\u0001: \u0007\r\n\r\n", "latin1");
    const tcp = Buffer.concat([Buffer.from("04d2005000000001000000005018ffff00000000", "hex"), query]);
    const ip = Buffer.concat([
      Buffer.from("450000000001000040060000", "hex"),
      Buffer.from("0a0000010a000002", "hex"),
      tcp,
    ]);
    const packet = decodePacket(ip, { linkType: 101, time: 0, originalLength: ip.length });
    expect(packet.summary.protocol).toBe("HTTP");
    const texts = [
      packet.summary.info,
      ...packet.layers.flatMap(({ title, fields }) => [
        title,
        ...allFields(fields).flatMap(({ name, text }) => [name, text]),
      ]),
    ];
    expect(texts.filter((text) => /\p{Cc}/u.test(text))).toEqual([]);
  });

  test("decodes any part of any packet without a word of protest, and within its bytes", () => {
    const records = [...packetsOf("mixed"), ...packetsOf("made"), ...packetsOf("any")];
    fc.assert(
      fc.property(fc.nat(records.length - 1), fc.nat(1_600), (which, length) => {
        const { bytes, ...record } = records[which] as PcapPacket;
        const part = bytes.subarray(0, length);
        const packet = decodePacket(part, record);
        for (const layer of packet.layers) {
          for (const field of allFields(layer.fields)) expect(field.at + field.length).toBeLessThanOrEqual(part.length);
        }
        if (length < bytes.length) expect(packet.truncated).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

test("hexDump() gives lines of sixteen bytes with their offsets and letters", () => {
  const lines = hexDump(Buffer.from("GET / HTTP/1.1\r\nHost"));
  expect(lines).toEqual([
    { offset: "0000", hex: "47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a", text: "GET / HTTP/1.1.." },
    { offset: "0010", hex: "48 6f 73 74", text: "Host" },
  ]);
});
