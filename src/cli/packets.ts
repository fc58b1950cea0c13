import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { errorText, systemCode } from "#core";
import { decodePacket, type PacketFilter, type PcapPacket, PcapPackets, readPacketFilter, ToolError } from "#tools";
import type { PacketsOptions } from "./commands/packets.ts";
import { CliError } from "./errors.ts";
import { packetText, summaryLine } from "./packet-text.ts";
import type { Terminal } from "./terminal.ts";

/** Packets of a file, as they are read. @throws {CliError} `FILE_UNREADABLE`. */
export async function showPackets(file: string, options: PacketsOptions, terminal: Terminal): Promise<number> {
  if (options.packet !== undefined && options.filter !== undefined)
    throw new CliError("USAGE", "--packet names one packet, --filter chooses some: give one of them");
  if (options.deep) return await showDeep(file, options);
  const wanted = options.packet === undefined ? undefined : numberOf(options.packet);
  const fits = filterOf(options.filter);
  let [number, firstAt] = [0, 0];
  for await (const packet of packetsOf(file, terminal)) {
    number++;
    if (number === 1) firstAt = packet.time;
    if (wanted !== undefined && number !== wanted) continue;
    const decoded = decodePacket(packet.bytes, packet);
    if (!fits({ packet: decoded, number })) continue;
    const { summary, layers, truncated } = decoded;
    if (options.json) await line(terminal, JSON.stringify({ number, ...summary, truncated, layers }));
    else if (wanted === undefined) await line(terminal, summaryLine(number, summary, firstAt, terminal));
    else await line(terminal, packetText(number, decoded, packet.bytes, terminal).join("\n"));
    if (number === wanted) return 0;
  }
  if (wanted === undefined) return 0;
  throw new CliError("USAGE", `the capture has ${number} packets, and no packet ${wanted}`);
}

async function line(terminal: Terminal, text: string): Promise<void> {
  await terminal.write(Buffer.from(`${text}\n`));
}

function filterOf(text: string | undefined): PacketFilter {
  if (text === undefined) return () => true;
  const filter = readPacketFilter(text);
  if (typeof filter === "function") return filter;
  throw new CliError("USAGE", `--filter, at character ${filter.at + 1}: ${filter.fault}`, {
    remedy: "as in `ip.addr == 10.0.0.1 and udp.port == 53`; docs/tasks/read-a-capture.md has the fields",
  });
}

function numberOf(text: string): number {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new CliError("USAGE", `--packet: ${text} is no whole number above 0`);
}

async function* packetsOf(file: string, terminal: Terminal): AsyncGenerator<PcapPacket> {
  const reader = new PcapPackets();
  const source: AsyncIterable<Uint8Array> = file === "-" ? terminal.stdin : createReadStream(file);
  try {
    for await (const chunk of source) {
      yield* reader.push(chunk);
      if (reader.index.fault !== undefined) break;
    }
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    throw new CliError("FILE_UNREADABLE", `${file} cannot be read: ${errorText(error)}`, { cause: error });
  }
  const { fault, header, isMidway } = reader.index;
  if (fault !== undefined || !header) {
    const why = fault ?? "it has no header";
    const remedy = fault === "pcapng, not pcap" ? { remedy: "`tshark -F pcap -r FILE -w NEW` makes one of it" } : {};
    throw new CliError("FILE_UNREADABLE", `${file} is no capture: ${why}`, remedy);
  }
  if (isMidway) terminal.say("the capture ends in the middle of a packet");
}

/** What tshark has to say, as it says it. @throws {ToolError} `PROGRAM_MISSING`. */
async function showDeep(file: string, { packet, filter, json }: PacketsOptions): Promise<number> {
  // Its own filters know more fields than ours: it says itself what it cannot read.
  const wanted = packet === undefined ? filter : `frame.number==${numberOf(packet)}`;
  const shown = [
    ...(wanted === undefined ? [] : ["-Y", wanted]),
    ...(packet === undefined || json ? [] : ["-V", "-x"]),
  ];
  const child = spawn("tshark", ["-n", "-r", file, ...(json ? ["-T", "json"] : []), ...shown], { stdio: "inherit" });
  try {
    await once(child, "spawn");
  } catch (error) {
    throw new ToolError("PROGRAM_MISSING", "--deep needs tshark, which this machine has not got", { cause: error });
  }
  const [code] = (await once(child, "close")) as [number | null];
  return code ?? 1;
}
