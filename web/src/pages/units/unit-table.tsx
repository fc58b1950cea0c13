import type { ReactNode } from "react";
import type { UnitSummary } from "#server/wire";
import { Age, isStale } from "../../parts/age.tsx";
import { UnitBadge } from "../../parts/badge.tsx";
import { bytesText, durationText, personText, spanText } from "../../parts/quantities.ts";

/** Units below each other. */
export function UnitTable({
  label,
  children,
  withWorker = false,
}: {
  readonly label: string;
  readonly children: ReactNode;
  readonly withWorker?: boolean;
}) {
  return (
    <div className="sheet overflow-x-auto" role="region" aria-label={label} tabIndex={0}>
      <table className="w-full">
        <thead className="border-b border-line">
          <tr>
            <th scope="col" className="head">
              Status
            </th>
            <th scope="col" className="head">
              Unit
            </th>
            {withWorker && (
              <th scope="col" className="head">
                Worker
              </th>
            )}
            <th scope="col" className="head">
              Work type
            </th>
            <th scope="col" className="head max-md:hidden">
              Ordered by
            </th>
            <th scope="col" className="head number">
              Made
            </th>
            <th scope="col" className="head number max-md:hidden">
              Took
            </th>
            <th scope="col" className="head number max-md:hidden">
              Output
            </th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">{children}</tbody>
      </table>
    </div>
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
