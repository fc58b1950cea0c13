import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions } from "../server/server-options.ts";

/** What `farhand capture` is given. */
export interface CaptureOptions extends ServerOptions, JsonOptions {
  readonly from?: readonly string[];
  readonly filter?: string;
  readonly interface?: string;
  readonly seconds?: string;
  readonly packets?: string;
  readonly bytes?: string;
  readonly snapLength?: string;
  readonly promiscuous?: true;
  readonly withOwn?: true;
  readonly write?: string;
}

/** `farhand capture`. */
export const capture = {
  name: "capture",
  title: "Looking at networks from workers",
  summary: "Watch packets of the network a worker is in, live, or store them as pcap",
  details: [
    "On a terminal it shows a line for each packet. Piped on, it gives pcap from the first byte, for `tcpdump -r -` or Wireshark;",
    "-w writes it to a file, and with --json each packet is a line. Several workers are captured at once: their lines bear the",
    "worker's name, and each has a file of its own where %w stands in the name. It ends by itself at the first of the limits",
    "that is reached, its own or the worker's; Ctrl-C ends it too. What is in the worker's `tools` says what may be captured.",
  ].join(" "),
  arguments: [{ name: "WORKERS", description: "names or ids of workers", optional: true, variadic: true }],
  options: [
    {
      flags: "--from <name=value>",
      description: "every worker with this label; * stands for any text",
      repeatable: true,
    },
    { flags: "--filter <filter>", description: "pcap filter, as `udp port 53`; @NAME is one that the worker has" },
    { flags: "--interface <name>", description: "network interface; without it all that the worker lets be captured" },
    { flags: "--seconds <n>", description: "end after so long" },
    { flags: "--packets <n>", description: "end after so many packets" },
    { flags: "--bytes <size>", description: "end before the pcap is longer, as 10MiB" },
    { flags: "--snap-length <n>", description: "bytes kept of each packet" },
    { flags: "--promiscuous", description: "also packets for other machines" },
    { flags: "--with-own", description: "also what the worker and its server say to each other" },
    { flags: "-w, --write <file>", description: "store pcap there; %w is the worker's name", completes: "file" },
    { ...jsonOption, description: "print a JSON line for each packet, decoded" },
    serverOption,
  ],
  examples: [
    ["farhand capture brno-4 --filter 'udp port 53' --seconds 10 | tcpdump -r -", "ten seconds of DNS"],
    ["farhand capture brno-4 praha-1 -w 'cap-%w.pcap' --packets 1000", "a file of each"],
    ["farhand capture brno-4 --filter 'tcp port 443' --json | jq .info", "decoded"],
  ],
  async run({ words: [workers], options }, terminal) {
    const { captureOn } = await import("../server/capture.ts");
    return await captureOn((workers ?? []) as readonly string[], options, terminal);
  },
} satisfies Command<CaptureOptions>;
