import type { WorkerView } from "#server/wire";
import { useServerNow } from "../../live/clock.ts";
import { useLiveWorker } from "../../live/live.tsx";
import { Age, Told } from "../../parts/age.tsx";
import { bytesText, durationText, percentText } from "../../parts/quantities.ts";

const told = (value: number | undefined, text: (value: number) => string): string | undefined =>
  value === undefined ? undefined : text(value);

/** The numbers of the last heartbeat. */
export function WorkerNow({ worker }: { readonly worker: WorkerView }) {
  const { beat } = useLiveWorker(worker.id);
  const now = useServerNow();
  const memory =
    beat?.memoryUsedBytes !== undefined && beat.memoryTotalBytes !== undefined
      ? `${bytesText(beat.memoryUsedBytes)} of ${bytesText(beat.memoryTotalBytes)}`
      : told(beat?.memoryPercent, percentText);
  const facts = [
    ["CPU", told(beat?.cpuPercent, percentText)],
    ["Memory", memory],
    ["Response", told(beat?.responseTimeMs, durationText)],
    ["Units running", told(beat?.unitsRunning, String)],
    ["Waiting", told(beat?.unitsPending, String)],
    ["Disk free", told(beat?.diskFreeBytes, bytesText)],
  ] as const;
  return (
    <dl className="sheet grid grid-cols-2 gap-x-6 gap-y-3 p-4 sm:grid-cols-4 xl:grid-cols-7">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt className="text-soft">{name}</dt>
          <dd className="text-[1.05rem] font-semibold tabular-nums">
            <Told value={value} at={beat?.at} now={now} />
          </dd>
        </div>
      ))}
      <div>
        <dt className="text-soft">Last heard</dt>
        <dd className="text-[1.05rem] font-semibold tabular-nums">
          <Age at={beat?.at ?? worker.seenAt} now={now} />
        </dd>
      </div>
    </dl>
  );
}
