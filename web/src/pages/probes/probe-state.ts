import { type ProbeLine, type ProbeSummaryLine, type ProbeWord, type QuorumVerdict, quorumVerdict } from "#tools/wire";
import type { Refusal } from "../tools/start-each.ts";

/** What one worker has told of a target so far. */
export interface ProbeState {
  readonly lines: readonly ProbeLine[];
  readonly summary?: ProbeSummaryLine;
}

export const noProbe: ProbeState = { lines: [] };

/** It with some more lines. */
export function takeProbe(state: ProbeState, lines: readonly object[]): ProbeState {
  let { summary } = state;
  const more: ProbeLine[] = [];
  for (const line of lines as readonly (ProbeLine | ProbeSummaryLine)[]) {
    if (line.type === "summary") summary = line;
    else if (line.type === "probe") more.push(line);
  }
  return { lines: [...state.lines, ...more], ...(summary && { summary }) };
}

/** A worker's word; `asking`: it has not said it yet. */
export interface WordNow extends Omit<ProbeWord, "word"> {
  readonly word: ProbeWord["word"] | "asking";
  /** What to try where it refused. */
  readonly remedy?: string;
}

/** Its word as far as it is known. @param fault why it will say nothing more. */
export function wordOf(worker: string, { summary }: ProbeState, fault?: string): WordNow {
  if (summary) {
    const { reason, verdict } = summary;
    return { worker, word: verdict === "up" ? "up" : "down", ...(typeof reason === "string" && { reason }) };
  }
  return fault === undefined ? { worker, word: "asking" } : { worker, word: "silent", reason: fault };
}

/** The word of one that started no probe. */
export function refusedWord({ worker, code, detail, remedy }: Refusal): WordNow {
  const why = detail === undefined ? "it refused" : `it refused: ${detail}`;
  return { worker, word: "silent", reason: `${why} (${code})`, ...(remedy !== undefined && { remedy }) };
}

/** The verdict as it is now. */
export interface VerdictNow extends QuorumVerdict {
  /** Whatever those say that are still asked, it stays. */
  readonly isFinal: boolean;
  readonly asking: number;
}

/** What all of them together say. @param quorum as of {@link quorumVerdict}. */
export function verdictNow(words: readonly WordNow[], quorum?: number): VerdictNow {
  const as = (asking: ProbeWord["word"]): QuorumVerdict =>
    quorumVerdict(
      words.map((one) => ({ ...one, word: one.word === "asking" ? asking : one.word })),
      quorum,
    );
  const verdicts = new Set([as("up").verdict, as("down").verdict, as("silent").verdict]);
  const asking = words.filter(({ word }) => word === "asking").length;
  const now = as("silent");
  return { ...now, silent: now.silent - asking, isFinal: verdicts.size === 1, asking };
}
