import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import type { WorkerState, WorkerView } from "#server/wire";
import { useServerNow } from "../../live/clock.ts";
import { useLive } from "../../live/live.tsx";
import { Age } from "../../parts/age.tsx";
import { WorkerBadge } from "../../parts/badge.tsx";
import { Empty, Loading } from "../../parts/empty.tsx";
import { Heading } from "../../parts/heading.tsx";
import { UnitList } from "../units/unit-list.tsx";
import { Pending } from "./pending.tsx";

const states: readonly WorkerState[] = ["online", "late", "lost", "stopped"];
const shownChanges = 12;

/** How all of it is: counts, what needs somebody, and what changed last. */
export function OverviewPage() {
  const { workers, beats, isListed } = useLive();
  if (!isListed) return <Loading what="the workers" />;
  const running = [...beats.values()].reduce((sum, { unitsRunning = 0 }) => sum + unitsRunning, 0);
  const waiting = [...beats.values()].reduce((sum, { unitsPending = 0 }) => sum + unitsPending, 0);
  return (
    <>
      <Heading title="Overview" />
      <div className="flex flex-col gap-6">
        <Counts workers={workers} running={running} waiting={waiting} />
        <Pending />
        {workers.length === 0 ? <Begin /> : <Lists workers={workers} />}
        {workers.length > 0 && <LastUnits />}
      </div>
    </>
  );
}

function Counts({
  workers,
  running,
  waiting,
}: {
  readonly workers: readonly WorkerView[];
  readonly running: number;
  readonly waiting: number;
}) {
  const counts = useMemo(() => {
    const found = new Map<string, number>();
    for (const { state } of workers) found.set(state, (found.get(state) ?? 0) + 1);
    return found;
  }, [workers]);
  return (
    <section aria-label="Counts" className="grid grid-cols-2 gap-3 sm:grid-cols-3 xl:grid-cols-6">
      {states.map((state) => (
        <Link key={state} to="/workers" search={{ state }} className="sheet px-4 py-3 hover:border-accent">
          <span className="block text-[1.7rem] leading-tight font-semibold tabular-nums">{counts.get(state) ?? 0}</span>
          <WorkerBadge state={state} />
        </Link>
      ))}
      <Link to="/units" className="sheet px-4 py-3 hover:border-accent">
        <span className="block text-[1.7rem] leading-tight font-semibold tabular-nums">{running}</span>
        <span className="text-soft">units running</span>
      </Link>
      <Link to="/units" className="sheet px-4 py-3 hover:border-accent">
        <span className="block text-[1.7rem] leading-tight font-semibold tabular-nums">{waiting}</span>
        <span className="text-soft">units waiting</span>
      </Link>
    </section>
  );
}

function Lists({ workers }: { readonly workers: readonly WorkerView[] }) {
  const now = useServerNow();
  const needy = useMemo(
    () =>
      workers
        .filter(({ state, trouble }) => state === "lost" || state === "late" || trouble !== undefined)
        .sort((a, b) => b.since - a.since),
    [workers],
  );
  const recent = useMemo(() => [...workers].sort((a, b) => b.since - a.since).slice(0, shownChanges), [workers]);
  return (
    <div className="grid items-start gap-6 xl:grid-cols-2">
      <section aria-label="Needs attention">
        <h2 className="mb-2">Needs attention</h2>
        {needy.length === 0 ? (
          <div className="sheet">
            <Empty title="Nothing does." />
          </div>
        ) : (
          <ul className="sheet divide-y divide-line">
            {needy.slice(0, 50).map((worker) => (
              <Line key={worker.id} worker={worker} now={now} says={worker.trouble ?? worker.cause} />
            ))}
          </ul>
        )}
        {needy.length > 50 && (
          <Link to="/workers" className="link mt-2 inline-block">
            and {needy.length - 50} more
          </Link>
        )}
      </section>
      <section aria-label="Last changes">
        <h2 className="mb-2">Last changes</h2>
        <ul className="sheet divide-y divide-line">
          {recent.map((worker) => (
            <Line key={worker.id} worker={worker} now={now} says={worker.cause} />
          ))}
        </ul>
      </section>
    </div>
  );
}

function Line({ worker, now, says }: { readonly worker: WorkerView; readonly now: number; readonly says: string }) {
  return (
    <li className="grid grid-cols-[6.5rem_1fr_auto] items-center gap-x-3 px-4 py-2">
      <WorkerBadge state={worker.state} troubled={worker.trouble !== undefined} />
      <span className="min-w-0 break-words">
        <Link to="/workers/$worker" params={{ worker: worker.name }} className="link font-medium">
          {worker.name}
        </Link>{" "}
        <span className="text-soft">{says}</span>
      </span>
      <span className="text-soft">
        <Age at={worker.since} now={now} />
      </span>
    </li>
  );
}

const noWish = {};

function LastUnits() {
  const empty = <Empty title="Nothing has been run yet.">Go to a worker and press Run…</Empty>;
  return (
    <section aria-label="Last units">
      <h2 className="mb-2">Last units</h2>
      <UnitList label="Last units" wish={noWish} limit={8} isShort empty={empty} />
    </section>
  );
}

function Begin() {
  return (
    <div className="sheet">
      <Empty title="No worker has joined yet.">
        <p>
          <Link to="/enrolment" className="link">
            Add a worker
          </Link>
          : a machine joins with a token that an admin makes.
        </p>
      </Empty>
    </div>
  );
}
