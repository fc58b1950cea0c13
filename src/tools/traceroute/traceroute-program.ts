import type { Hops } from "./hops.ts";
import type { TracerouteParams } from "./params-schema.ts";
import type { HopLine } from "./result.ts";

/** How long it waits for an answer, seconds. */
const waitSeconds = 2;

/** It sends no more for each hop. */
export const mostProbes = 10;

/** Arguments of the traceroute of Debian (2.0 and later). `canRaw`: it may open raw sockets. */
export function tracerouteArguments(params: TracerouteParams, address: string, canRaw: boolean): string[] {
  const { method, port, maxHops, probes } = params;
  // Without raw sockets TCP goes by connect(2).
  const how = { icmp: ["-I"], tcp: canRaw ? ["-T"] : ["-M", "tcpconn"], udp: [] }[method ?? "udp"];
  return [
    ...["-n", address.includes(":") ? "-6" : "-4", "-q", String(Math.min(mostProbes, probes)), "-m", String(maxHops)],
    ...["-w", String(waitSeconds), ...how],
    ...(port !== undefined && method !== "icmp" ? ["-p", String(port)] : []),
    ...["--", address],
  ];
}

/**
 * One line of traceroute: ` 2  10.0.0.1  0.123 ms 10.0.0.9  0.150 ms *`: the hop, and for each probe who answered (if not the same
 * as before) and when, or `*`. `!H` and its like behind a time say why it goes no further.
 */
export function readTracerouteLine(line: string, hops: Hops): HopLine[] {
  const [hopText = "", ...words] = line.trim().split(/\s+/);
  if (!/^\d{1,3}$/.test(hopText)) return [];
  const hop = Number(hopText);
  const lines = words.map((word, at) => {
    if (word === "*") return hops.lost(hop);
    if (/^\d+(\.\d+)?$/.test(word) && words[at + 1] === "ms") return hops.answered(hop, Number(word));
    return /^[0-9a-f.:]{2,45}$/i.test(word) && /[.:]/.test(word) ? hops.met(hop, word) : undefined;
  });
  return lines.filter((told) => told !== undefined);
}
