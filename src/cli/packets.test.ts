import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { testTerminal } from "../../test/kit/test-terminal.ts";
import type { PacketsOptions } from "./commands/packets.ts";
import { showPackets } from "./packets.ts";

const capture = join(import.meta.dirname, "../tools/packet/captures/mixed.pcap");

async function packets(file: string, options: PacketsOptions): Promise<{ lines: string[]; exit: number }> {
  const { terminal } = testTerminal("");
  const pieces: Buffer[] = [];
  const write = async (chunk: Uint8Array): Promise<void> => void pieces.push(Buffer.from(chunk));
  const exit = await showPackets(file, options, { ...terminal, write });
  return { lines: Buffer.concat(pieces).toString("utf8").trimEnd().split("\n"), exit };
}

describe("farhand packets", () => {
  test("prints a line for each packet of a capture", async () => {
    const { lines, exit } = await packets(capture, {});
    expect({ exit, count: lines.length }).toEqual({ exit: 0, count: 85 });
    expect(lines[6]).toMatch(
      /^ +7 +\d\.\d{6} 10\.9\.0\.1 +10\.9\.0\.2 +DNS +76 Standard query 0x[0-9a-f]{4} A web\.example\.test$/,
    );
  });

  test("prints one packet layer by layer, and its bytes", async () => {
    const { lines } = await packets(capture, { packet: "7" });
    expect(lines).toContainEqual(expect.stringMatching(/^UDP, port \d+ → 53$/));
    expect(lines).toContain("  Question: A web.example.test");
    expect(lines.at(-1)).toMatch(/^0040 {2}[0-9a-f ]{35} {14}/);
  });

  test("prints those that fit a filter, with their numbers", async () => {
    const { lines } = await packets(capture, { filter: "ip.addr == 10.9.0.2 and dns.qry.type == 28" });
    expect(lines.map((line) => line.trim().split(" ")[0])).toEqual(["11", "12"]);
  });

  test("prints JSON with every layer", async () => {
    const { lines } = await packets(capture, { packet: "7", json: true });
    const [packet] = lines.map((line) => JSON.parse(line) as { number: number; layers: { protocol: string }[] });
    expect(packet?.number).toBe(7);
    expect(packet?.layers.map(({ protocol }) => protocol)).toEqual(["ethernet", "ipv4", "udp", "dns"]);
  });

  test.each([
    [import.meta.filename, {}, "is no capture: not a pcap file"],
    ["/nowhere.pcap", {}, "cannot be read"],
    [capture, { packet: "86" }, "has 85 packets"],
    [capture, { packet: "first" }, "is no whole number"],
    [capture, { filter: "tcp.port == http" }, /--filter, at character 13: tcp\.port: "http" is no number/],
    [capture, { filter: "tcp", packet: "7" }, "give one of them"],
  ])("refuses %s with %j", async (file, options, why) => {
    await expect(packets(file, options)).rejects.toThrow(why);
  });
});
