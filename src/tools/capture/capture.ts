import { networkInterfaces } from "node:os";
import { ToolError } from "../errors.ts";
import type { ChildEnd, Tool, ToolChild, ToolContext } from "../tool.ts";
import { toolExits } from "../wire.ts";
import { CaptureParams } from "./params-schema.ts";
import { PacketCutter, type WholePackets } from "./whole-packets.ts";

/** Packets that the kernel keeps for tcpdump, KiB: enough for a moment in which it gets no processor. */
const bufferKiB = 16_384;

/** Packets of the network as pcap, from the first byte on, as tcpdump sees them. */
export const capture: Tool<CaptureParams> = {
  name: "capture",
  summary: "packets of the network, as pcap",
  params: CaptureParams,
  needs: ["net_raw"],
  uses: [],
  programs: ["tcpdump"],
  wants: ({ filter, interface: name }) => [
    { kind: "filter", text: filter },
    { kind: "interface", name },
  ],
  asks: ({ seconds, packets, bytes }) => ({
    ...(seconds !== undefined && { seconds }),
    ...(packets !== undefined && { packets }),
    ...(bytes !== undefined && { bytes }),
  }),
  run: async (params, context) => {
    const tcpdump = context.find("tcpdump");
    if (tcpdump === undefined) throw new ToolError("PROGRAM_MISSING", "this machine has no tcpdump");
    const filter = await filterOf(params, context);
    const child = context.start(tcpdump, tcpdumpArguments(params, context.interface, filter));
    const end = (): void => child.end();
    if (context.signal.aborted) end();
    context.signal.addEventListener("abort", end);
    try {
      return await record(child, context);
    } finally {
      context.signal.removeEventListener("abort", end);
      child.end();
      await child.ended.catch(() => undefined);
    }
  },
};

async function filterOf({ excludeOwn }: CaptureParams, context: ToolContext): Promise<string> {
  const own = excludeOwn ? await context.ownTraffic() : "";
  if (own === "") return context.filter;
  // In front as well: words such as `vlan` in what was asked move whatever stands behind them.
  return context.filter === "" ? `not (${own})` : `not (${own}) and (${context.filter})`;
}

/** Every word is its own argument; the filter stands behind `--`, where no option is looked for. */
export function tcpdumpArguments(params: CaptureParams, interfaceName: string, filter: string): string[] {
  const { snapLength, promiscuous } = params;
  return [
    ...["-i", interfaceName, "-n", "-U", "--immediate-mode", "-B", String(bufferKiB), "-s", String(snapLength)],
    ...(promiscuous ? [] : ["-p"]),
    ...["-w", "-", "--"],
    ...(filter === "" ? [] : [filter]),
  ];
}

async function record(child: ToolChild, context: ToolContext): Promise<number> {
  const cutter = new PacketCutter(context.budget);
  let full: WholePackets["full"];
  for await (const chunk of child.stdout) {
    const cut = cutter.take(chunk);
    if (cut.piece.length > 0) context.bytes(cut.piece);
    full = cut.full;
    if (full !== undefined) break;
  }
  child.end();
  const ended = await child.ended;
  if (full === undefined && !context.signal.aborted) throw failure(ended, cutter.packets, context.interface);
  context.note(`${endText(full, context)}: ${cutter.packets} packets, ${cutter.bytes} bytes${lossOf(ended)}`);
  return toolExits.done;
}

function endText(full: WholePackets["full"], { signal, budget }: ToolContext): string {
  if (full !== undefined) return `ended by its budget of ${budget[full]} ${full}`;
  return signal.reason instanceof ToolError ? signal.reason.message : "ended";
}

/** What tcpdump says the kernel had no room for. */
function lossOf({ said }: ChildEnd): string {
  const [, dropped] = /(\d+) packets? dropped by kernel/.exec(said) ?? [];
  return dropped === undefined || dropped === "0" ? "" : `, ${dropped} dropped by the kernel`;
}

/** tcpdump ended by itself, which it never does unless something is wrong. */
function failure({ code, signal, said }: ChildEnd, packets: number, interfaceName: string): ToolError {
  const words = said.split("\n").filter((line) => line !== "" && !/^(tcpdump: listening on|dropped privs)/.test(line));
  const text = (words.at(-1) ?? "").replace(/^tcpdump: /, "");
  if (signal !== null) return new ToolError("TOOL_FAILED", `tcpdump was ended by ${signal} after ${packets} packets`);
  if (/syntax error|parse filter|expression|unknown host|illegal/i.test(said)) {
    return new ToolError("FILTER_REFUSED", `this is no filter: ${text}`);
  }
  if (/No such device|doesn't exist/i.test(said)) {
    const there = Object.keys(networkInterfaces()).join(", ");
    return new ToolError("INTERFACE_REFUSED", `this machine has no interface ${interfaceName}; it has ${there}`);
  }
  if (/permission|Operation not permitted/i.test(said)) return new ToolError("CAPABILITY_MISSING", text);
  return new ToolError("TOOL_FAILED", `tcpdump ended with exit code ${code} after ${packets} packets: ${text}`);
}
