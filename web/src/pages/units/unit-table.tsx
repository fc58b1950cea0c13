import type { ReactNode } from "react";
import type { UnitSummary } from "#server/wire";
import { Age, isStale } from "../../parts/age.tsx";
import { UnitBadge } from "../../parts/badge.tsx";
import { bytesText, durationText, personText, spanText } from "../../parts/quantities.ts";
import { Table, type TableColumn } from "../../parts/table.tsx";

const columns: readonly TableColumn[] = [
  { name: "Status" },
  { name: "Unit" },
  { name: "Worker" },
  { name: "Work type" },
  { name: "Ordered by", room: "max-md:hidden" },
  { name: "Made", isNumber: true },
  { name: "Took", isNumber: true, room: "max-md:hidden" },
  { name: "Output", isNumber: true, room: "max-md:hidden" },
];
const ofOneWorker = columns.filter(({ name }) => name !== "Worker");

interface UnitTableProps {
  readonly label: string;
  readonly children: ReactNode;
  readonly withWorker?: boolean;
}

/** Units below each other. */
export function UnitTable({ label, children, withWorker = false }: UnitTableProps) {
  return (
    <Table label={label} columns={withWorker ? columns : ofOneWorker}>
      {children}
    </Table>
  );
}

interface UnitRowProps {
  readonly unit: UnitSummary;
  readonly now: number;
  readonly link: ReactNode;
  /** Where it is, in a table over all workers. */
  readonly worker?: ReactNode;
  /** Up to when all this is known. */
  readonly asOf: number;
}

export function UnitRow({ unit, now, link, worker, asOf }: UnitRowProps) {
  const { state, stateName, workType, requestedBy, createdAt, startedAt, endedAt, stdoutSize, detail } = unit;
  const took = startedAt === undefined || endedAt === undefined ? "–" : durationText(Math.max(0, endedAt - startedAt));
  // Of a unit that is over nothing changes any more.
  const isOld = state < 2 && isStale(asOf, now);
  return (
    <tr className="hover:bg-sunk" title={detail}>
      <td className="cell">
        <UnitBadge state={state} name={stateName} />
        {isOld && <span className="block text-stale text-[0.85em] italic">{spanText(now - asOf)} old</span>}
      </td>
      <td className="cell">{link}</td>
      {worker !== undefined && <td className="cell whitespace-nowrap">{worker}</td>}
      <td className="cell mono">{workType}</td>
      <td className="cell max-md:hidden">{requestedBy ? personText(requestedBy.user) : "–"}</td>
      <td className="cell number">
        <Age at={createdAt ?? startedAt} now={now} />
      </td>
      <td className="cell number max-md:hidden">{took}</td>
      <td className="cell number max-md:hidden">{bytesText(stdoutSize)}</td>
    </tr>
  );
}
