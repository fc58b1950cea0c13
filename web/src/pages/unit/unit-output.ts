import type { UnitDetails } from "#server/wire";
import { followOutput, pause, readUnitThroughCuts } from "../../api/output.ts";
import { readUnit } from "../../api/units.ts";
import { Sha256 } from "../../parts/sha256.ts";

/** Of an output that is larger, only the end is shown until somebody wants all of it. */
const wholeBytes = 8 * 1024 * 1024;
const tailBytes = 1024 * 1024;

/** How far the page has come with an output. */
export interface OutputProgress {
  /** First byte that is shown. */
  readonly from: number;
  /** One behind the last. */
  readonly at: number;
  /** Why nothing comes in now. */
  readonly cut?: string | undefined;
  /** Of all of it, once it is over and all of it was read. */
  readonly sha256?: string;
}

/** What is told while an output is followed. */
export interface UnitOutputEvents {
  write(bytes: Uint8Array): Promise<void>;
  progress(progress: OutputProgress): void;
  status(details: UnitDetails): void;
}

/** Where to begin. @param all the reader wants it from the first byte, however large. */
export function firstByte({ stdoutSize }: Pick<UnitDetails, "stdoutSize">, all: boolean): number {
  return all || stdoutSize <= wholeBytes ? 0 : stdoutSize - tailBytes;
}

export const isFinal = (state: number): boolean => state >= 2 && state <= 4;

/**
 * A unit's output from byte `from` to its end, and its status with it: when there are first bytes, and when it is over.
 *
 * @throws {ProblemError} what lets nobody read it. @throws the reason of `signal`.
 */
export async function followUnit(
  worker: string,
  unit: string,
  from: number,
  events: UnitOutputEvents,
  signal: AbortSignal,
): Promise<void> {
  const hash = new Sha256();
  let at = from;
  let asked: Promise<void> | undefined;
  const bytes = async (chunk: Uint8Array) => {
    hash.update(chunk);
    at += chunk.length;
    events.progress({ from, at });
    await events.write(chunk);
    // The output does not wait for it; where it cannot be asked, what is known stays.
    asked ??= readUnit(worker, unit, signal).then(events.status, () => {});
  };
  const cut = (why: string | undefined) => events.progress({ from, at, cut: why });
  for (;;) {
    await followOutput(worker, unit, at, { bytes, cut }, signal);
    await asked;
    const details = await readUnitThroughCuts(worker, unit, cut, signal);
    events.status(details);
    // The stream has ended before the unit, as when its worker restarts: it is opened again, but not in one go.
    if (!isFinal(details.state) || at < details.stdoutSize) {
      await pause(1_000, signal);
      continue;
    }
    return events.progress({ from, at, ...(from === 0 && { sha256: hash.hex() }) });
  }
}
