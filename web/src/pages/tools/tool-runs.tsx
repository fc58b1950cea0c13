import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useMemo } from "react";
import type { IndexedUnit } from "#server/wire";
import type { ToolName } from "#tools/wire";
import { readAllUnits } from "../../api/units.ts";
import { useServerNow } from "../../live/clock.ts";
import { useLive } from "../../live/live.tsx";
import { unitKey } from "../../live/live-state.ts";
import { Age } from "../../parts/age.tsx";
import { UnitBadge } from "../../parts/badge.tsx";
import { Loading } from "../../parts/empty.tsx";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { personText } from "../../parts/quantities.ts";
import { Table, type TableColumn } from "../../parts/table.tsx";
import { mergedUnits } from "../units/merged-units.ts";

/** A column of a list of runs that is the tool's own. */
export interface RunColumn extends TableColumn {
  readonly text: (unit: IndexedUnit) => string;
}

const before: readonly TableColumn[] = [{ name: "Status" }, { name: "Worker" }];
const behind: readonly TableColumn[] = [
  { name: "Ordered by", room: "max-md:hidden" },
  { name: "Made", isNumber: true },
];

export interface ToolRunsProps {
  readonly label: string;
  readonly tool: ToolName;
  readonly columns: readonly RunColumn[];
  /** Where a run is shown. */
  readonly link: (unit: IndexedUnit, text: string) => ReactNode;
  readonly empty: ReactNode;
}

/** Runs of a tool over all workers, the newest first, kept up by the live line. */
export function ToolRuns({ label, tool, columns, link, empty }: ToolRunsProps) {
  const { units: told, unitsEpoch } = useLive();
  const now = useServerNow();
  const wish = useMemo(() => ({ workType: tool }), [tool]);
  const { data, error, isFetching, hasNextPage, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: ["all-units", wish, 50, unitsEpoch],
    queryFn: ({ pageParam, signal }) => readAllUnits(wish, pageParam, 50, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
    placeholderData: (shown) => shown,
  });
  const units = useMemo(
    () => mergedUnits(data?.pages.flatMap(({ items }) => items) ?? [], told, wish),
    [data, told, wish],
  );
  if (error && !data) return <ProblemNote error={error} retry={() => void refetch()} />;
  if (!data) return <Loading what={label.toLowerCase()} />;
  if (units.length === 0) return <div className="sheet">{empty}</div>;
  return (
    <div className="flex flex-col gap-3">
      <Table label={label} columns={[...before, ...columns, ...behind]}>
        {units.map((unit) => (
          <tr key={unitKey(unit)} className="hover:bg-sunk" title={unit.detail}>
            <td className="cell">
              <UnitBadge state={unit.state} name={unit.stateName} />
            </td>
            <td className="cell">
              <Link to="/workers/$worker" params={{ worker: unit.worker.name }} className="link">
                {unit.worker.name}
              </Link>
            </td>
            {columns.map(({ name, text, room = "" }, at) => (
              <td key={name} className={`cell ${room} ${at === 0 ? "max-sm:break-all" : ""}`}>
                {at === 0 ? link(unit, text(unit)) : text(unit)}
              </td>
            ))}
            <td className="cell max-md:hidden">{unit.requestedBy ? personText(unit.requestedBy.user) : "–"}</td>
            <td className="cell number">
              <Age at={unit.createdAt} now={now} />
            </td>
          </tr>
        ))}
      </Table>
      {hasNextPage && (
        <button type="button" className="button self-center" disabled={isFetching} onClick={() => void fetchNextPage()}>
          Older ones
        </button>
      )}
    </div>
  );
}
