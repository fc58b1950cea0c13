import { useState } from "react";
import type { WorkerConfiguration, WorkerView } from "#server/wire";
import { confirmWorkerConfig, putBackWorkerConfig, restartWorker } from "../../../api/worker-configuration.ts";
import { useServerNow } from "../../../live/clock.ts";
import { Icon } from "../../../parts/icon.tsx";
import { includes } from "../../../parts/may.ts";
import { ProblemNote } from "../../../parts/problem-note.tsx";

interface ProvisionalProps {
  readonly worker: WorkerView;
  /** The one that is written now. */
  readonly version: number;
  readonly provisional: NonNullable<NonNullable<WorkerConfiguration["told"]>["provisional"]>;
  /** Some of it is in force only when the worker has started anew. */
  readonly isWaiting: boolean;
  readonly again: () => Promise<void>;
}

/** An edit that could cut the worker off: it returns by itself unless it is confirmed over a new connection (CAT-75). */
export function Provisional({ worker, version, provisional, isWaiting, again }: ProvisionalProps) {
  const { until, back } = provisional;
  // The worker names people with their ids behind.
  const by = provisional.by.replace(/ \([^()]*\)$/, "");
  const now = useServerNow();
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const leftS = Math.max(0, Math.ceil((until - now) / 1_000));
  const act = async (what: () => Promise<unknown>) => {
    setBusy(true);
    setError(undefined);
    try {
      await what();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
      await again();
    }
  };
  const goBack = async () => {
    const written = await putBackWorkerConfig(worker.id, back, version);
    // It is as it was: there is nothing left to wait for.
    if (written.confirmBefore !== null) await confirmWorkerConfig(worker.id, written.version);
  };
  const disabled = isBusy || !includes(worker.level, "configure");
  return (
    <section
      aria-label="To be confirmed"
      className="flex flex-col gap-3 rounded-lg border border-warn bg-warn-wash p-4"
    >
      <p className="flex items-start gap-2 font-medium">
        <Icon name="warn" className="mt-0.5 text-warn" />
        <span>
          Version {provisional.version}, by {by}, changes how the worker is reached.{" "}
          {leftS > 0 ? (
            <>
              Unless {by} confirms it, version {back} returns in{" "}
              <span role="timer" className="tabular-nums">
                {leftS} s
              </span>
              .
            </>
          ) : (
            <>Version {back} returns now.</>
          )}
        </span>
      </p>
      {isWaiting && <p>Some of it is in force only when the worker has started anew: restart it, then confirm.</p>}
      {error !== undefined && <ProblemNote error={error} />}
      <div className="flex flex-wrap gap-2">
        <button
          type="button"
          className="button button-main"
          disabled={disabled}
          title="It is asked over a new connection: that shows that the worker can still be reached"
          onClick={() => void act(() => confirmWorkerConfig(worker.id, provisional.version))}
        >
          Confirm it
        </button>
        <button
          type="button"
          className="button button-bad"
          disabled={disabled || back === 0}
          onClick={() => void act(goBack)}
        >
          Go back now
        </button>
        {isWaiting && (
          <button
            type="button"
            className="button"
            disabled={isBusy || !includes(worker.level, "admin")}
            title={includes(worker.level, "admin") ? undefined : "this needs an admin of the worker"}
            onClick={() => void act(() => restartWorker(worker.id))}
          >
            Restart it
          </button>
        )}
        <button type="button" className="button" disabled={isBusy} onClick={() => void again()}>
          Look again
        </button>
      </div>
    </section>
  );
}
