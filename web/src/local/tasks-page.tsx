import { useEffect, useState } from "react";
import type { UnitSummary } from "./shapes.ts";
import { UnitBadge } from "../parts/badge.tsx";
import { Confirm } from "../parts/confirm.tsx";
import { Empty, Loading } from "../parts/empty.tsx";
import { Heading } from "../parts/heading.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { bytesText } from "../parts/quantities.ts";
import { askWorker, listUnits } from "./api.ts";
import { useLive } from "./live.tsx";
import { UnitOutput } from "./unit-output.tsx";

/** The units of this worker, with what they write while they write it. */
export function TasksPage() {
  const { changes, state } = useLive();
  const [units, setUnits] = useState<readonly UnitSummary[]>();
  const [error, setError] = useState<unknown>();
  const [shown, setShown] = useState<string>();
  useEffect(() => {
    listUnits().then((list) => {
      setUnits(list);
      setError(undefined);
    }, setError);
  }, [changes, state?.runs]);
  return (
    <>
      <Heading title="Tasks" />
      {error !== undefined && <ProblemNote error={error} />}
      {!units && error === undefined && <Loading what="tasks" />}
      {units?.length === 0 && <Empty title="There is no task">What is sent to this worker shows up here.</Empty>}
      <ul className="flex flex-col gap-2">
        {units?.map((unit) => (
          <UnitRow
            key={unit.id}
            unit={unit}
            isShown={shown === unit.id}
            show={() => setShown(shown === unit.id ? undefined : unit.id)}
          />
        ))}
      </ul>
    </>
  );
}

interface UnitRowProps {
  readonly unit: UnitSummary;
  readonly isShown: boolean;
  readonly show: () => void;
}

function UnitRow({ unit, isShown, show }: UnitRowProps) {
  const { id, state, stateName, workType, stdoutSize, detail } = unit;
  const [asks, setAsks] = useState<"cancel" | "release">();
  const isOver = state >= 2;
  return (
    <li className="sheet p-3">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <span className="mono">{id}</span>
        <span>{workType}</span>
        <UnitBadge state={state} name={stateName} />
        <span className="text-soft">{bytesText(stdoutSize)}</span>
        <span className="ml-auto flex gap-2">
          <button type="button" className="button" aria-expanded={isShown} onClick={show}>
            Output
          </button>
          <button type="button" className="button" onClick={() => setAsks(isOver ? "release" : "cancel")}>
            {isOver ? "Release…" : "Cancel…"}
          </button>
        </span>
      </div>
      <p className="text-soft mt-1 break-words">{detail}</p>
      {isShown && <UnitOutput unit={id} />}
      {asks && (
        <Confirm
          title={asks === "cancel" ? `Cancel ${id}?` : `Release ${id}?`}
          button={asks === "cancel" ? "Cancel it" : "Release it"}
          act={() => askWorker(`units.${asks}`, { unit: id })}
          close={() => setAsks(undefined)}
        >
          {asks === "cancel"
            ? "What it runs is ended; its output stays."
            : "Its output and all that is known of it go."}
        </Confirm>
      )}
    </li>
  );
}
