import { readFileSync } from "node:fs";
import type { Capability } from "./tool.ts";

/** Bits of the masks in `/proc/PID/status` (capability.h). */
const bits: Readonly<Record<Capability, bigint>> = { net_admin: 12n, net_raw: 13n };

/**
 * What a process can give to those it starts: root what it has and what its bounding set leaves, anybody else what is ambient.
 *
 * @param status text of `/proc/PID/status`.
 */
export function giveableCapabilities(status: string): Capability[] {
  const mask = (name: string): bigint => {
    const [, hex] = new RegExp(`^${name}:\\s*([0-9a-f]+)$`, "m").exec(status) ?? [];
    return hex === undefined ? 0n : BigInt(`0x${hex}`);
  };
  const isRoot = /^Uid:\s*\d+\s+0\s/m.test(status);
  const have = isRoot ? mask("CapEff") & mask("CapBnd") : mask("CapAmb");
  return (Object.keys(bits) as Capability[]).filter((name) => (have >> bits[name]) & 1n);
}

/** May this process take capabilities from the bounding set of those it starts (CAP_SETPCAP)? */
export function mayDropBounding(status: string): boolean {
  const [, hex = "0"] = /^CapEff:\s*([0-9a-f]+)$/m.exec(status) ?? [];
  return ((BigInt(`0x${hex}`) >> 8n) & 1n) === 1n;
}

/** `/proc/self/status`. */
export function ownProcessStatus(): string {
  return readFileSync("/proc/self/status", "utf8");
}
