import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { decodePacket } from "../decode.ts";
import { PcapPackets } from "../pcap-packets.ts";
import { looksLikeFilter, readPacketFilter } from "./packet-filter.ts";

const captures = join(import.meta.dirname, "../captures");
const packets = new PcapPackets()
  .push(readFileSync(join(captures, "mixed.pcap")))
  .map(({ bytes, ...record }, n) => ({ packet: decodePacket(bytes, record), number: n + 1 }));
/** What tshark 4 lets through, which looks at each packet alone (`-o ip.defragment:FALSE`): the filter, a tab, numbers of packets. */
const golden = readFileSync(join(captures, "mixed.filters.txt"), "utf8").trimEnd().split("\n");

function found(text: string): string {
  const filter = readPacketFilter(text);
  if (typeof filter !== "function") throw new Error(`${filter.fault} at ${filter.at}`);
  return packets
    .filter(filter)
    .map(({ number }) => number)
    .join(" ");
}

describe("readPacketFilter()", () => {
  test.each(golden.map((line) => line.split("\t")))("%s: the same packets as tshark", (filter = "", numbers = "") => {
    expect(found(filter)).toBe(numbers);
    expect(looksLikeFilter(filter) || /^\w+$/.test(filter)).toBe(true);
  });

  test.each([
    ["", /field or a protocol is expected/, 0],
    ["nonsense", /no field or protocol/, 0],
    ["tcp and", /field or a protocol is expected/, 7],
    ["tcp udp", /join tests by and, or/, 4],
    ["(tcp", /a \) is missing/, 4],
    ["tcp.port == http", /tcp\.port: "http" is no number/, 12],
    ["ip.addr == 10.0.0", /no address or network/, 11],
    ["ip.addr == 10.0.0.0/33", /no address or network/, 11],
    ["ip.addr > 10.0.0.1", /> is for numbers/, 10],
    ["ipv6.addr == 1::2::3", /no address or network/, 13],
    ["dns.qry.name ==", /a value is expected/, 15],
    ["tcp = 1", /"=" means nothing/, 4],
    ['http.host == "x', /means nothing/, 13],
    ["tcp.port ==== 1", /a value is expected/, 11],
    ["(".repeat(60), /too deeply/, 50],
    ["x".repeat(1_001), /longer than 1000/, 1_000],
  ])("%j is refused, with the place of what is wrong", (text, why, at) => {
    const filter = readPacketFilter(text);
    expect(filter).toMatchObject({ fault: expect.stringMatching(why), at });
  });

  test("words are no filter", () => {
    for (const text of ["dns 10.0.0.1", "web.example.test", "Client Hello", ""])
      expect(looksLikeFilter(text)).toBe(false);
  });
});
