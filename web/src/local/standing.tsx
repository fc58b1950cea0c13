import { type ReactNode, useEffect, useState } from "react";
import { ProblemNote } from "../parts/problem-note.tsx";
import { spanText } from "../parts/quantities.ts";
import { beatMs, useLive } from "./live.tsx";

/** What was not told again for so long is old, milliseconds: three times nothing came (CAT-112). */
export const oldAfterMs = 3 * beatMs;

/** The time, told again each second. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** Whether what these pages show can be believed, above all of them; what is old is grey and says how old it is (CAT-112). */
export function Standing({ children }: { readonly children: ReactNode }) {
  const { state, at, error, heardAt, refresh } = useLive();
  const now = useNow();
  const isOld = state !== undefined && (error !== undefined || now - at > oldAfterMs);
  const isDown = state !== undefined && !state.runs;
  return (
    <>
      {error !== undefined && (
        <div className="mb-4">
          <ProblemNote error={error} retry={refresh} />
        </div>
      )}
      {isOld && (
        <p className="mb-3 text-stale" role="status">
          What stands below is {spanText(now - at)} old: the worker has told nothing since.
        </p>
      )}
      {isDown && !isOld && heardAt !== undefined && (
        <p className="mb-3 text-stale" role="status">
          The worker does not run. What it told is {spanText(now - heardAt)} old.
        </p>
      )}
      <div className={isOld ? "text-stale" : ""}>{children}</div>
    </>
  );
}

/** A value, and when it was told, milliseconds since 1970: an old one is grey with its age. */
export function Aged({
  value,
  at,
  isOld,
}: {
  readonly value: string | undefined;
  readonly at: number;
  readonly isOld: boolean;
}) {
  const now = useNow();
  if (value === undefined) return <span className="text-stale">–</span>;
  if (!isOld) return <span>{value}</span>;
  return (
    <span className="text-stale italic">
      {value} <span className="text-[0.85em]">({spanText(now - at)} old)</span>
    </span>
  );
}
