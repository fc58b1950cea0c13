import { networkInterfaces } from "node:os";
import { ToolError } from "../errors.ts";
import type { ChildEnd } from "../tool.ts";
import type { CaptureParams } from "./params-schema.ts";

/**
 * Room for packets that tcpdump has not taken yet, KiB: about 200,000 small ones, a second of them where it gets no processor.
 *
 * Without `--immediate-mode`: the kernel would give each packet, however small, a place as long as the longest one may be, so that
 * these 32 MiB were full after 128. As it is, they lie one behind the other, and tcpdump gets them by the block or once a second.
 */
const bufferKiB = 32_768;

/** Packets may lie in a block for so long after they came, milliseconds: tcpdump asks the kernel for 1,000. */
export const blockMs = 1_000;

/** Every word is its own argument; the filter stands behind `--`, where no option is looked for. */
export function tcpdumpArguments(params: CaptureParams, interfaceName: string, filter: string): string[] {
  const { snapLength, promiscuous } = params;
  return [
    ...["-i", interfaceName, "-n", "-U", "-B", String(bufferKiB), "-s", String(snapLength)],
    ...(promiscuous ? [] : ["-p"]),
    ...["-w", "-", "--"],
    ...(filter === "" ? [] : [filter]),
  ];
}

/** It listens, and knows by now what to do on SIGUSR1. */
export function isListening(said: string): boolean {
  return /listening on /.test(said);
}

/** Packets that the kernel had no room for, as tcpdump said last; undefined as long as it has not. */
export function droppedOf(said: string): number | undefined {
  const [, dropped] = [...said.matchAll(/(\d{1,15}) packets? dropped by kernel/g)].at(-1) ?? [];
  return dropped === undefined ? undefined : Number(dropped);
}

/** tcpdump ended by itself, which it never does unless something is wrong. */
export function tcpdumpFailure({ code, signal, said }: ChildEnd, packets: number, interfaceName: string): ToolError {
  const usual = /^(tcpdump: listening on|dropped privs|(tcpdump: )?\d+ packets? (captured|received|dropped))/;
  const words = said.split("\n").filter((line) => line !== "" && !usual.test(line));
  const text = (words.at(-1) ?? "").replace(/^tcpdump: /, "");
  if (signal !== null) return new ToolError("TOOL_FAILED", `tcpdump was ended by ${signal} after ${packets} packets`);
  if (/syntax error|parse filter|expression|unknown (host|port|network|protocol|ip proto|ether)|illegal/i.test(said)) {
    return new ToolError("FILTER_REFUSED", `this is no filter: ${text}`);
  }
  if (/No such device|doesn't exist/i.test(said)) {
    const there = Object.keys(networkInterfaces()).join(", ");
    return new ToolError("INTERFACE_REFUSED", `this machine has no interface ${interfaceName}; it has ${there}`);
  }
  if (/permission|Operation not permitted/i.test(said)) return new ToolError("CAPABILITY_MISSING", text);
  return new ToolError("TOOL_FAILED", `tcpdump ended with exit code ${code} after ${packets} packets: ${text}`);
}
