import { setMaxListeners } from "node:events";
import { type JsonObject, systemClock } from "#core";
import { Pace } from "../pace.ts";
import type { ToolContext } from "../tool.ts";
import { connectPort, type PortAnswer } from "./connect-port.ts";
import type { PortscanParams } from "./params-schema.ts";
import { portsOf } from "./ports.ts";
import { fewPorts, type HostLine, type PortLine } from "./result.ts";
import type { ScanTotals } from "./scan-totals.ts";

/** Connections that may be open at once. */
const atOnce = 128;
/** Connections between two lines about how far it is. */
const progressEvery = 500;

/** Scan by connections of our own, host after host, ports of a host many at once. Each open port is told as it is found. */
export async function scanByConnecting(
  params: PortscanParams,
  addresses: readonly string[],
  { context, totals }: { readonly context: ToolContext; readonly totals: ScanTotals },
): Promise<void> {
  const ports = portsOf(params.ports) ?? [];
  // One for each connection that is open: that many is no leak, and Node would say so in the unit's log.
  setMaxListeners(2 * atOnce, context.signal);
  const pace = new Pace(context.budget.probesPerSecond, systemClock);
  let done = 0;
  const progress = (): void => {
    done++;
    if (done % progressEvery !== 0) return;
    const percent = Math.floor((done / (ports.length * addresses.length)) * 100);
    context.line({ type: "progress", percent, part: "connect" });
  };
  for (const address of addresses) {
    const line = await scanHost(address, ports, { params, context, pace, progress });
    totals.count(line);
    context.line(line as unknown as JsonObject);
  }
}

interface HostScan {
  readonly params: PortscanParams;
  readonly context: ToolContext;
  readonly pace: Pace;
  readonly progress: () => void;
}

async function scanHost(address: string, ports: readonly number[], scan: HostScan): Promise<HostLine> {
  const { params, context, pace, progress } = scan;
  const { signal } = context;
  const counts = { open: 0, closed: 0, filtered: 0 };
  if (!params.assumeUp && !(await seemsThere(address, ports, scan))) {
    return { type: "host", address, state: "down", ...counts };
  }
  const left = ports.values();
  const worker = async (): Promise<void> => {
    for (const port of left) {
      await pace.turn(signal);
      const answer = await connectPort(address, port, {
        timeoutMs: params.timeoutMs,
        listens: params.services,
        signal,
      });
      counts[answer.state]++;
      if (answer.state === "open" || ports.length <= fewPorts) context.line(portLine(address, port, answer));
      progress();
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, ports.length) }, worker));
  // Who refuses a connection is there.
  const state = counts.open + counts.closed > 0 ? "up" : "down";
  return { type: "host", address, state, ...counts };
}

/** Whether it takes or refuses a connection to a port that many have open, or to the first that was asked for, as nmap would try. */
async function seemsThere(
  address: string,
  ports: readonly number[],
  { params, context, pace }: HostScan,
): Promise<boolean> {
  const { signal } = context;
  const answers = [...new Set([...ports.slice(0, 1), 22, 80, 443])].map(async (port) => {
    await pace.turn(signal);
    return await connectPort(address, port, { timeoutMs: params.timeoutMs, listens: false, signal });
  });
  return (await Promise.all(answers)).some(({ state }) => state !== "filtered");
}

function portLine(address: string, port: number, { state, banner }: PortAnswer): JsonObject {
  const line: PortLine = {
    type: "port",
    address,
    port,
    protocol: "tcp",
    state,
    ...(banner !== undefined && { banner }),
  };
  return line as unknown as JsonObject;
}
