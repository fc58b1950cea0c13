import { ToolError } from "../errors.ts";
import type { Tool } from "../tool.ts";
import { toolExits } from "../wire.ts";
import { scanByConnecting } from "./connect-scan.ts";
import { PortscanParams } from "./params-schema.ts";
import { portsOf } from "./ports.ts";
import { ScanTotals } from "./scan-totals.ts";

/** Open TCP ports of hosts, by nmap where there is one and by connections of our own else. */
export const portscan: Tool<PortscanParams> = {
  name: "portscan",
  summary: "open ports of hosts, and what answers there",
  params: PortscanParams,
  needs: [],
  uses: ["net_raw"],
  wants: ({ targets }) => targets.map((host) => ({ kind: "target", host })),
  asks: ({ targets, ports }) => ({ targets: targets.length, ports: portsOf(ports)?.length ?? 0 }),
  run: async (params, context) => {
    const addresses = [...new Set(context.targets.flatMap((target) => target.addresses))];
    const nmap = params.program === "connect" ? undefined : context.find("nmap");
    if (nmap === undefined && (params.program === "nmap" || params.os)) {
      throw new ToolError("PROGRAM_MISSING", "this machine has no nmap, and that was asked for");
    }
    const totals = new ScanTotals();
    const startedAt = performance.now();
    try {
      if (nmap === undefined) await scanByConnecting(params, addresses, { context, totals });
      else {
        // Not before: a daemon has all tools, runs none of them, and would load a reader of XML at each start.
        const { scanWithNmap } = await import("./nmap.ts");
        await scanWithNmap(nmap, params, addresses, { context, totals });
      }
    } catch (error) {
      if (!context.signal.aborted) throw error;
    }
    context.line({
      ...{ type: "summary", program: nmap === undefined ? "connect" : "nmap" },
      ...{ hosts: addresses.length, up: totals.up, open: totals.open },
      ...{ seconds: Math.round(performance.now() - startedAt) / 1_000, complete: !context.signal.aborted },
    });
    return toolExits.done;
  },
};
