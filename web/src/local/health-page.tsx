import { useEffect, useState } from "react";
import { Loading } from "../parts/empty.tsx";
import { Heading } from "../parts/heading.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { bytesText, durationText, percentText, spanText } from "../parts/quantities.ts";
import { askWorker } from "./api.ts";
import { Findings } from "./findings.tsx";
import { beatMs, patience, useLive } from "./live.tsx";
import type { WorkerVitals } from "./shapes.ts";
import { Aged, oldAfterMs, useNow } from "./standing.tsx";

/** How the worker and its machine do, and what its doctor finds. */
export function HealthPage() {
  return (
    <>
      <Heading title="Health" />
      <div className="flex flex-col gap-4">
        <Vitals />
        <Findings />
      </div>
    </>
  );
}

/** What the worker has measured last. */
interface Measured {
  readonly vitals: WorkerVitals;
  /** Milliseconds since 1970. */
  readonly at: number;
}

function Vitals() {
  const { measured, error } = useMeasured();
  const now = useNow();
  if (!measured) return error === undefined ? <Loading what="its numbers" /> : <ProblemNote error={error} />;
  const { vitals, at } = measured;
  const isOld = error !== undefined || now - at > oldAfterMs;
  const facts = factsOf(vitals);
  return (
    <section aria-label="Now" className="flex flex-col gap-2">
      {isOld && (
        <p role="status" className="text-stale">
          The worker tells no numbers now; these are {spanText(now - at)} old.
        </p>
      )}
      <dl className="sheet grid grid-cols-2 gap-x-6 gap-y-3 p-4 sm:grid-cols-3">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt className="text-soft">{name}</dt>
            <dd className="text-[1.05rem] font-semibold tabular-nums">
              <Aged value={value} at={at} isOld={isOld} />
            </dd>
          </div>
        ))}
        <div>
          <dt className="text-soft">Last heartbeat answered</dt>
          <dd className="text-[1.05rem] font-semibold tabular-nums">
            <Heartbeat vitals={vitals} at={at} isOld={isOld} />
          </dd>
        </div>
      </dl>
    </section>
  );
}

function factsOf(vitals: WorkerVitals): readonly (readonly [string, string | undefined])[] {
  const { cpuPercent, memoryUsedBytes, memoryTotalBytes, ownMemoryBytes, loadAverage1m, diskFreeBytes } = vitals;
  return [
    ["CPU", cpuPercent === null ? undefined : percentText(cpuPercent)],
    ["Memory", `${bytesText(memoryUsedBytes)} of ${bytesText(memoryTotalBytes)}`],
    ["Memory of the worker itself", bytesText(ownMemoryBytes)],
    ["Load, one minute", loadAverage1m?.toFixed(2)],
    ["Disk free", diskFreeBytes === null ? undefined : bytesText(diskFreeBytes)],
  ];
}

/** Three that were not answered, and the server does not hear of it any more. */
function Heartbeat({ vitals: { heartbeat }, at, isOld }: Measured & { readonly isOld: boolean }) {
  const now = useNow();
  if (!heartbeat)
    return <span className="font-normal text-soft">none yet: it has no server, or has not reached it</span>;
  const answeredAt = at - heartbeat.answeredAgoMs;
  const isLate = isOld || now - answeredAt > 3 * heartbeat.everyMs;
  return (
    <span className={isLate ? "text-stale italic" : ""}>
      {spanText(now - answeredAt)} ago{" "}
      <span className="text-[0.85em] font-normal text-soft">
        in {durationText(heartbeat.responseTimeMs)}, every {spanText(heartbeat.everyMs)}
      </span>
    </span>
  );
}

/** Asked again and again while somebody looks; what was told last stays. */
function useMeasured() {
  const { state } = useLive();
  const [measured, setMeasured] = useState<Measured>();
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    const gone = new AbortController();
    const look = async (): Promise<void> => {
      try {
        const vitals = await askWorker<WorkerVitals>("worker.vitals", {}, patience(gone.signal));
        setMeasured({ vitals, at: Date.now() });
        setError(undefined);
      } catch (problem) {
        if (!gone.signal.aborted) setError(problem);
      }
    };
    void look();
    const timer = setInterval(() => void look(), beatMs);
    return () => {
      gone.abort();
      clearInterval(timer);
    };
  }, [state?.runs]);
  return { measured, error };
}
