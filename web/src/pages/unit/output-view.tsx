import { useEffect, useRef, useState } from "react";
import type { UnitDetails } from "#server/wire";
import { outputPath } from "../../api/units.ts";
import { Badge } from "../../parts/badge.tsx";
import { Icon } from "../../parts/icon.tsx";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { bytesText } from "../../parts/quantities.ts";
import { openScreen } from "../../parts/terminal/terminal.ts";
import { firstByte, followUnit, isFinal, type OutputProgress } from "./unit-output.ts";

interface OutputViewProps {
  readonly worker: string;
  readonly unit: UnitDetails;
  readonly told: (details: UnitDetails) => void;
}

const showEveryMs = 200;

/** A unit's output, live, from its beginning also for who comes late. */
export function OutputView({ worker, unit, told }: OutputViewProps) {
  const screen = useRef<HTMLDivElement>(null);
  const [all, setAll] = useState(false);
  const [progress, setProgress] = useState<OutputProgress>({ from: 0, at: 0 });
  const [error, setError] = useState<unknown>();
  const first = useRef(unit);
  useEffect(() => {
    if (!screen.current) return undefined;
    const over = new AbortController();
    const shown = openScreen(screen.current);
    let latest: OutputProgress | undefined;
    const timer = setInterval(() => {
      if (latest) setProgress(latest);
      latest = undefined;
    }, showEveryMs);
    const events = {
      write: shown.write,
      status: told,
      progress: (next: OutputProgress) => void (latest = next),
    };
    followUnit(worker, first.current.id, firstByte(first.current, all), events, over.signal).catch(
      (problem: unknown) => {
        if (!over.signal.aborted) setError(problem);
      },
    );
    return () => {
      over.abort();
      clearInterval(timer);
      shown.close();
    };
  }, [worker, all, told]);
  return (
    <section aria-label="Output" className="flex min-h-0 flex-col gap-2">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
        <h2>Output</h2>
        <OutputState unit={unit} progress={progress} />
        <a
          className="link ml-auto inline-flex items-center gap-1"
          href={outputPath(worker, unit.id)}
          download={`${unit.id}.out`}
        >
          <Icon name="download" />
          Download
        </a>
      </div>
      {progress.from > 0 && (
        <p className="text-soft">
          The first {bytesText(progress.from)} are not shown.{" "}
          <button type="button" className="link" onClick={() => setAll(true)}>
            Show all of it
          </button>
        </p>
      )}
      {error !== undefined && <ProblemNote error={error} />}
      <div className="h-[min(60dvh,34rem)] min-h-48 overflow-hidden rounded-lg border border-line bg-[#0b1210] p-2">
        <div ref={screen} className="h-full" data-output={progress.at} />
      </div>
    </section>
  );
}

/** How much came, and whether it is what the final status counts and hashes. */
function OutputState({ unit, progress }: { readonly unit: UnitDetails; readonly progress: OutputProgress }) {
  const { at, cut, sha256, from } = progress;
  if (cut !== undefined)
    return (
      <Badge tone="bad" icon="bad">
        {`reconnecting at byte ${at}: ${cut}`}
      </Badge>
    );
  if (!isFinal(unit.state)) return <span className="text-soft">{bytesText(at)} so far</span>;
  if (sha256 === undefined)
    return <span className="text-soft">{from > 0 ? "its end; not checked" : bytesText(at)}</span>;
  const isRight = sha256 === unit.sha256 && at === unit.stdoutSize;
  return (
    <span className="flex min-w-0 flex-wrap items-center gap-x-3" title={sha256}>
      <span>{bytesText(at)}</span>
      <Badge tone={isRight ? "ok" : "bad"} icon={isRight ? "ok" : "bad"}>
        {isRight ? "sha256 checked" : "not what the status says"}
      </Badge>
      <span className="mono truncate text-soft">{sha256.slice(0, 16)}…</span>
    </span>
  );
}
