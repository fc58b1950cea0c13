import { followOutput, pause, readUnitThroughCuts } from "../../api/output.ts";
import { isFinal } from "../unit/unit-output.ts";

/** A line of a tool is a few hundred bytes; what is longer is none. */
const longestLine = 1_000_000;

/** JSON objects, one a line, from bytes that come in pieces of any size. Lines that are none are passed over. */
export class ResultLines {
  readonly #decoder = new TextDecoder();
  #rest = "";

  push(chunk: Uint8Array): readonly object[] {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split("\n");
    this.#rest = lines.pop() ?? "";
    if (this.#rest.length > longestLine) this.#rest = "";
    return lines.flatMap(parsed);
  }
}

function parsed(line: string): object[] {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && "type" in value ? [value] : [];
  } catch {
    return [];
  }
}

/** What is heard while the output of a tool is followed. */
export interface ToolOutputEvents {
  bytes(chunk: Uint8Array): void;
  /** Nothing comes in now, and why; undefined: it does again. */
  cut(why: string | undefined): void;
}

/**
 * A tool's output from its first byte until its unit is over and all of it was read.
 *
 * @throws {ProblemError} what lets nobody read it. @throws the reason of `signal`.
 */
export async function followTool(
  worker: string,
  unit: string,
  { bytes, cut }: ToolOutputEvents,
  signal: AbortSignal,
): Promise<void> {
  for (let at = 0; ; await pause(1_000, signal)) {
    at = await followOutput(worker, unit, at, { bytes, cut }, signal);
    const { state, stdoutSize } = await readUnitThroughCuts(worker, unit, cut, signal);
    if (isFinal(state) && at >= stdoutSize) return;
  }
}
