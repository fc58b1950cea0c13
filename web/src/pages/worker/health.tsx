import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useMemo, useState } from "react";
import type { HealthSeries, WorkerView } from "#server/wire";
import { readEvents, readHealth, type Window } from "../../api/workers.ts";
import { useServerNow } from "../../live/clock.ts";
import { useLive, useLiveWorker } from "../../live/live.tsx";
import { availabilityLine, type GraphProps, seriesOf, shareOf, summaryOf, withNow } from "../../parts/graph/series.ts";
import { Loading } from "../../parts/empty.tsx";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { durationText, percentText } from "../../parts/quantities.ts";
import { memoryPercent } from "../workers/workers-rows.ts";
import { WorkerNow } from "./worker-now.tsx";

/** The drawing is fetched when a graph is looked at. */
const Graph = lazy(async () => ({ default: (await import("../../parts/graph/graph.tsx")).Graph }));

const hourMs = 3_600_000;
const ranges = [
  { name: "1 hour", ms: hourMs },
  { name: "6 hours", ms: 6 * hourMs },
  { name: "24 hours", ms: 24 * hourMs },
  { name: "7 days", ms: 168 * hourMs },
  { name: "30 days", ms: 720 * hourMs },
] as const;
/** Heartbeats come so far apart. */
const beatMs = 15_000;

/** How a worker did over time: was it there, how fast it answered, its processors and its memory. */
export function Health({ worker }: { readonly worker: WorkerView }) {
  const [ms, setMs] = useState<number>(hourMs);
  return (
    <div className="flex flex-col gap-4">
      <WorkerNow worker={worker} />
      <div role="group" aria-label="Range" className="flex flex-wrap gap-1">
        {ranges.map((range) => (
          <button
            key={range.ms}
            type="button"
            className={`button ${range.ms === ms ? "button-main" : ""}`}
            aria-pressed={range.ms === ms}
            onClick={() => setMs(range.ms)}
          >
            {range.name}
          </button>
        ))}
      </div>
      <Graphs key={ms} worker={worker.id} ms={ms} />
    </div>
  );
}

function Graphs({ worker, ms }: { readonly worker: string; readonly ms: number }) {
  const now = useServerNow(beatMs);
  const known = useKnownUntil(now);
  const { worker: live } = useLiveWorker(worker);
  const stepMs = Math.max(beatMs, Math.ceil(ms / 360));
  const series = useQuery({
    queryKey: ["health", worker, ms],
    queryFn: async ({ signal }) => {
      const to = Math.ceil(now);
      const [health, events] = await Promise.all([
        readHealth(worker, { from: to - ms, to }, stepMs, signal),
        readEvents(worker, signal),
      ]);
      return { health, events };
    },
    staleTime: 0,
  });
  useReadAgain(worker, series.refetch);
  const grown = useGrowing(worker, series.data?.health);
  const shown: Window = useMemo(() => ({ from: now - ms, to: now }), [now, ms]);
  if (series.error) return <ProblemNote error={series.error} retry={() => void series.refetch()} />;
  if (!series.data || !grown) return <Loading what="its numbers" />;
  const points = grown.points.filter(({ at }) => at >= shown.from);
  const of = (value: (sample: Readonly<Record<string, number>>) => number | undefined) =>
    seriesOf({ points }, value, 4 * stepMs);
  const there = availabilityLine(withNow(series.data.events, live), shown.from, known);
  const share = shareOf(there);
  return (
    <Suspense fallback={<Loading what="the graphs" />}>
      <div className="grid gap-4 lg:grid-cols-2">
        <Figure
          name="Availability"
          points={there}
          window={shown}
          top={100}
          text={percentText}
          fill
          words={share === null ? "nothing known" : `there ${percentText(share * 100)} of the time`}
        />
        <Figure
          name="Response time"
          points={of(({ responseTimeMs }) => responseTimeMs)}
          window={shown}
          text={durationText}
        />
        <Figure
          name="CPU"
          points={of(({ cpuPercent }) => cpuPercent)}
          window={shown}
          top={100}
          text={percentText}
          fill
        />
        <Figure name="Memory" points={of(memoryPercent)} window={shown} top={100} text={percentText} fill />
      </div>
    </Suspense>
  );
}

/** Until when it is known what happened to a worker, by the server's clock: nothing is while the line is cut. */
function useKnownUntil(now: number): number {
  const { line, aheadMs } = useLive();
  return line.kind === "cut" ? Math.min(now, line.sinceMs + aheadMs) : now;
}

/** A worker that comes or goes has more in its history; and a line that was cut may have missed some of it. */
function useReadAgain(worker: string, read: () => unknown): void {
  const { line } = useLive();
  const { worker: live } = useLiveWorker(worker);
  const at = `${line.kind} ${live?.state} ${live?.since}`;
  const [seen, setSeen] = useState(at);
  useEffect(() => {
    if (at === seen) return;
    setSeen(at);
    if (line.kind === "live") read();
  }, [line.kind, at, seen, read]);
}

/** What was read, and the heartbeats that have come since. */
function useGrowing(worker: string, read: HealthSeries | undefined): HealthSeries | undefined {
  const { beat } = useLiveWorker(worker);
  const [later, setLater] = useState<HealthSeries["points"]>([]);
  if (beat && beat.at > (later.at(-1)?.at ?? 0)) {
    const { worker: _worker, at, ...sample } = beat;
    setLater([...later.slice(-2_000), { at, sample, beats: 1 }]);
  }
  return useMemo(() => {
    if (!read) return undefined;
    const last = read.points.at(-1)?.at ?? 0;
    return { points: [...read.points, ...later.filter(({ at }) => at > last)] };
  }, [read, later]);
}

function Figure({ name, words, ...graph }: GraphProps & { readonly name: string; readonly words?: string }) {
  return (
    <figure className="sheet min-w-0 p-3">
      <figcaption className="mb-1 flex flex-wrap items-baseline justify-between gap-2">
        <span className="font-semibold">{name}</span>
        <span className="text-soft">{words ?? summaryOf(graph.points, graph.text)}</span>
      </figcaption>
      <Graph {...graph} />
    </figure>
  );
}
