import type { ResultsOptions } from "./commands/work-results.ts";
import { connectorOf } from "./connection.ts";
import { CliError } from "./errors.ts";
import { following } from "./following.ts";
import { hearInterrupts } from "./interrupts.ts";
import type { Terminal } from "./terminal.ts";

/** Print a unit's output from a byte on, and end with its exit code. */
export async function results(unitId: string, options: ResultsOptions, terminal: Terminal): Promise<number> {
  const from = byteIn(options.from ?? "0");
  const connect = await connectorOf(options, terminal.env);
  const { json, cancelOnInterrupt = false } = options;
  const interrupts = hearInterrupts();
  try {
    const request = { unitId, from, connect, cancelOnInterrupt, json, wasReached: false };
    return await following(request, interrupts.signal, terminal);
  } finally {
    interrupts.close();
  }
}

function byteIn(text: string): number {
  const byte = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(byte)) return byte;
  throw new CliError("USAGE", `--from ${text} is no byte offset`, { remedy: "a number from 0 on" });
}
