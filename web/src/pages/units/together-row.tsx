import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import type { UnitDetails } from "#server/wire";
import { UnitBadge } from "../../parts/badge.tsx";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { bytesText, durationText } from "../../parts/quantities.ts";
import { unitPlace } from "../tools/unit-names.ts";
import { isFinal } from "../unit/unit-output.ts";
import { useUnit } from "../unit/use-unit.ts";

interface TogetherRowProps {
  /** As the address has it. */
  readonly name: string;
  readonly now: number;
  /** Its output is the one that is shown. */
  readonly isShown: boolean;
  readonly show: () => void;
  readonly told: (name: string, unit: UnitDetails) => void;
}

/** One of several units: how it is, and a way to its output. */
export function TogetherRow({ name, now, isShown, show, told }: TogetherRowProps) {
  const { worker, unit } = unitPlace(name);
  const { data, error, refetch } = useUnit(worker, unit);
  useEffect(() => {
    if (data) told(name, data);
  }, [name, data, told]);
  return (
    <tr className="hover:bg-sunk">
      <td className="cell">{data && <UnitBadge state={data.state} name={data.stateName} />}</td>
      <td className="cell whitespace-nowrap">
        <Link to="/workers/$worker/units/$unit" params={{ worker, unit }} className="link">
          {worker}
        </Link>
      </td>
      <td className="cell min-w-40 break-words">
        {data && isFinal(data.state) && endingText(data)}
        {error && !data && <ProblemNote error={error} retry={() => void refetch()} />}
      </td>
      <td className="cell number whitespace-nowrap">{data && tookText(data, now)}</td>
      <td className="cell whitespace-nowrap">
        {data && (
          <button type="button" className="button" aria-pressed={isShown} onClick={show}>
            {`Output of ${worker}`}
            {isFinal(data.state) && `, ${bytesText(data.stdoutSize)}`}
          </button>
        )}
      </td>
    </tr>
  );
}

function endingText({ exitCode, signal, detail }: UnitDetails): string {
  if (signal !== undefined) return `signal ${signal}`;
  return exitCode === undefined ? detail : `exit code ${exitCode}`;
}

function tookText({ startedAt, endedAt, state }: UnitDetails, now: number): string {
  const end = endedAt ?? (isFinal(state) ? undefined : now);
  return startedAt === undefined || end === undefined ? "–" : durationText(Math.max(0, end - startedAt));
}
