import { ToolError } from "../errors.ts";
import type { Tool, ToolContext } from "../tool.ts";
import { toolExits } from "../wire.ts";
import { CaptureParams } from "./params-schema.ts";
import { Recording } from "./recording.ts";
import { tcpdumpArguments } from "./tcpdump.ts";

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
    // A cancel is for us first: what the kernel has by then is still to be stored.
    const child = context.start(tcpdump, tcpdumpArguments(params, context.interface, filter), { isApart: true });
    try {
      await new Recording(child, context).record();
      return toolExits.done;
    } finally {
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
