import { staleAfterMs } from "../live/clock.ts";
import { momentText, spanText } from "./quantities.ts";

/** How long ago, with the moment itself for whoever points at it. */
export function Age({ at, now }: { readonly at: number | null | undefined; readonly now: number }) {
  if (at === null || at === undefined) return <span className="text-soft">never</span>;
  return (
    <time dateTime={new Date(at).toISOString()} title={momentText(at, now)} className="whitespace-nowrap">
      {now - at < 1_000 ? "now" : `${spanText(now - at)} ago`}
    </time>
  );
}

/** Whether a value of this age is to be believed no longer (CAT-112). */
export const isStale = (at: number, now: number): boolean => now - at > staleAfterMs;

/** A value that a worker told: what is older than three heartbeats is grey and says how old it is (CAT-112). */
export function Told({
  value,
  at,
  now,
}: {
  readonly value: string | undefined;
  readonly at: number | undefined;
  readonly now: number;
}) {
  if (value === undefined || at === undefined) return <span className="text-stale">–</span>;
  if (!isStale(at, now)) return <span>{value}</span>;
  return (
    <span className="text-stale italic" title={`told ${momentText(at, now)}`}>
      {value} <span className="text-[0.85em]">({spanText(now - at)} old)</span>
    </span>
  );
}
