import type { Hops } from "./hops.ts";
import type { TracerouteParams } from "./params-schema.ts";
import type { HopLine } from "./result.ts";

/** Rounds a second. mtr lets only root go faster. */
const intervalSeconds = 1;
/** How long mtr waits for answers behind the last round. */
const graceSeconds = 2;

/** Arguments of mtr 0.93 and later. `--raw` gives a line for each event, as it happens. */
export function mtrArguments(params: TracerouteParams, address: string): string[] {
  const { method, port, maxHops, probes } = params;
  return [
    ...["--raw", "-n", address.includes(":") ? "-6" : "-4"],
    ...["-c", String(probes), "-m", String(maxHops), "-i", String(intervalSeconds), "-G", String(graceSeconds)],
    ...(method === "udp" ? ["-u"] : method === "tcp" ? ["-T"] : []),
    ...(port !== undefined && method !== "icmp" && method !== undefined ? ["-P", String(port)] : []),
    ...["--", address],
  ];
}

/**
 * One line of `mtr --raw`: `x HOP PROBE` when a probe goes out, `h HOP ADDRESS` when the hop is known, `p HOP MICROSECONDS PROBE` for
 * an answer. Hops count from 0 there. Other lines mean nothing to us.
 */
export function readMtrLine(line: string, hops: Hops): HopLine | undefined {
  const [kind, hopText = "", value = "", probeText = ""] = line.trim().split(/\s+/);
  if (!/^\d{1,3}$/.test(hopText)) return undefined;
  const hop = Number(hopText) + 1;
  if (kind === "h" && /^[0-9a-f.:]{2,45}$/i.test(value)) return hops.met(hop, value);
  if (!/^\d{1,10}$/.test(value)) return undefined;
  if (kind === "x") return hops.sent(hop, Number(value));
  if (kind !== "p") return undefined;
  return hops.answered(hop, Number(value) / 1_000, /^\d{1,10}$/.test(probeText) ? Number(probeText) : undefined);
}
