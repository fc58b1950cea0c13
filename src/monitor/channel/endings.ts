import type { ChannelState } from "./channel.ts";

/**
 * When a channel is over. `FINISHED` ends it. `FAILED` is the last word of a broker whose workers are gone, and the second last
 * of a worker; `ABORTED` is followed by the whole sequence again, or by nothing (ReCodEx specification §14). Milliseconds of
 * silence after which we say `FINISHED` ourselves; 0 is never.
 */
export interface EndingRule {
  readonly afterFailedMs: number;
  readonly afterAbortedMs: number;
}

/** How a channel stands after a message with this command. */
export function stateAfter(command: string, now: number, { afterFailedMs, afterAbortedMs }: EndingRule): ChannelState {
  if (command === "FINISHED") return { kind: "ended" };
  const graceMs = command === "FAILED" ? afterFailedMs : command === "ABORTED" ? afterAbortedMs : 0;
  return graceMs > 0 ? { kind: "settling", endsAt: now + graceMs } : { kind: "open" };
}

/** What is looked at to find channels that go. */
export interface Aging {
  readonly state: ChannelState;
  readonly touchedAt: number;
}

export interface RetentionRule {
  readonly keepEndedMs: number;
  readonly keepSilentMs: number;
}

/** Why a channel is given up now; undefined when it stays. */
export function whyDropped({ state, touchedAt }: Aging, now: number, rule: RetentionRule): string | undefined {
  const silentMs = now - touchedAt;
  if (state.kind === "ended") return silentMs >= rule.keepEndedMs ? "it ended long ago" : undefined;
  return silentMs >= rule.keepSilentMs ? "nothing came for too long" : undefined;
}

/** Who goes first when there are too many: those that ended, then those that are silent for longest. */
export function firstToGo(left: Aging, right: Aging): number {
  const ended = Number(right.state.kind === "ended") - Number(left.state.kind === "ended");
  return ended || left.touchedAt - right.touchedAt;
}
