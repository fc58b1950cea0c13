import { type Command, type JsonOptions, jsonOption } from "../command.ts";

/** What `farhand packets` is given. */
export interface PacketsOptions extends JsonOptions {
  readonly packet?: string;
  readonly filter?: string;
  readonly deep?: true;
}

/** `farhand packets`. */
export const packets = {
  name: "packets",
  title: "Looking at networks from workers",
  summary: "Show the packets of a capture file",
  details: [
    "A line for each packet; with --packet one of them layer by layer, with its bytes. With --json a packet is a line, with all",
    "its layers. Nothing is sent anywhere. Farhand knows the protocols most captures have; with --deep tshark, where this machine",
    "has it, shows what it knows.",
  ].join(" "),
  arguments: [{ name: "FILE", description: "a pcap file; - is stdin", completes: "file" }],
  options: [
    { flags: "--packet <n>", description: "this one in full, counted from 1" },
    { flags: "--filter <expression>", description: "only those that fit, as `ip.addr == 10.0.0.1 and udp.port == 53`" },
    { flags: "--deep", description: "by tshark, if it is installed" },
    { ...jsonOption, description: "print a JSON line for each packet" },
  ],
  examples: [
    ["farhand packets cap.pcap", "a line for each packet"],
    ["farhand packets cap.pcap --filter 'tcp.port == 443'", "those of one port"],
    ["farhand packets cap.pcap --packet 7", "the seventh, layer by layer, and its bytes"],
  ],
  async run({ words: [file], options }, terminal) {
    const { showPackets } = await import("../packets.ts");
    return await showPackets(file as string, options, terminal);
  },
} satisfies Command<PacketsOptions>;
