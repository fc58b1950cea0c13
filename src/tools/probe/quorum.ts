import type { Verdict } from "./result.ts";

/** What one worker says of a target: `silent` when it did not answer, was away, refused, or failed at looking. */
export interface ProbeWord {
  readonly worker: string;
  readonly word: Verdict | "silent";
  /** Why it is not up, or did not say. */
  readonly reason?: string;
}

/** What all of them together say. */
export interface QuorumVerdict {
  /** `undecided`: too few agree, or as many as are needed say the one and as many the other. */
  readonly verdict: Verdict | "undecided";
  readonly quorum: number;
  readonly up: number;
  readonly down: number;
  readonly silent: number;
}

/**
 * A target is up, or down, when enough workers say so. Pure.
 *
 * Who is silent counts for neither: a worker that cannot be reached knows nothing of the target.
 *
 * @param quorum how many must agree; without it more than half of all that were asked, the silent ones among them.
 */
export function quorumVerdict(words: readonly ProbeWord[], quorum = Math.floor(words.length / 2) + 1): QuorumVerdict {
  const count = (wanted: ProbeWord["word"]): number => words.filter(({ word }) => word === wanted).length;
  const [up, down, silent] = [count("up"), count("down"), count("silent")];
  const [isUp, isDown] = [up >= quorum, down >= quorum];
  const verdict = isUp === isDown ? "undecided" : isUp ? "up" : "down";
  return { verdict, quorum, up, down, silent };
}
