import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { WorkerView } from "#server/wire";
import { readLastEvents } from "../../api/workers.ts";
import { Age } from "../../parts/age.tsx";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { momentText } from "../../parts/quantities.ts";
import { Labels } from "../workers/worker-cells.tsx";

/** The newest of what happened. */
const shownEvents = 50;

/** What a worker is, what it offers, and what happened to it. */
export function About({ worker, now }: { readonly worker: WorkerView; readonly now: number }) {
  const { id, mode, version, labels, level, capabilities = [], addresses, node, machineId } = worker;
  return (
    <div className="grid gap-6 lg:grid-cols-2">
      <dl className="sheet grid grid-cols-[auto_1fr] content-start gap-x-6 gap-y-2 p-4">
        <Fact name="Id">
          <span className="mono">{id}</span>
        </Fact>
        <Fact name="Type">{mode}</Fact>
        <Fact name="Version">{version}</Fact>
        <Fact name="You may">{level}</Fact>
        <Fact name="Labels">{Object.keys(labels).length > 0 ? <Labels labels={labels} /> : "none"}</Fact>
        <Fact name="Work types">
          {capabilities.length > 0 ? <span className="mono">{capabilities.join(", ")}</span> : "none"}
        </Fact>
        {addresses && (
          <Fact name="Address">
            {[
              ["set by a person", addresses.configured],
              ["seen by the server", addresses.observed],
              ["said by itself", addresses.reported],
            ].map(([from, address]) => (
              <span key={from} className="block">
                <span className="mono">{address ?? "–"}</span> <span className="text-soft">{from}</span>
              </span>
            ))}
          </Fact>
        )}
        {node !== undefined && (
          <Fact name="Node">
            <span className="mono">{node}</span>
          </Fact>
        )}
        {machineId !== undefined && (
          <Fact name="Machine">
            <span className="mono break-all">{machineId}</span>
          </Fact>
        )}
      </dl>
      <Events worker={worker} now={now} />
    </div>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <>
      <dt className="text-soft">{name}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  );
}

/** Read anew whenever the worker's state changes. */
function Events({ worker, now }: { readonly worker: WorkerView; readonly now: number }) {
  const key = ["events", worker.id, worker.state, worker.since];
  const { data, error } = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => readLastEvents(worker.id, shownEvents, signal),
  });
  return (
    <section aria-label="What happened">
      <h2 className="mb-2">What happened</h2>
      {error && <ProblemNote error={error} />}
      <ul className="sheet divide-y divide-line">
        {data?.map(({ sequence, at, state, cause }) => (
          <li key={sequence} className="flex flex-wrap gap-x-4 px-4 py-1.5">
            <span className="text-soft" title={momentText(at, now)}>
              <Age at={at} now={now} />
            </span>
            <span className="font-medium">{state}</span>
            <span className="min-w-0 break-words">{cause}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
