import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import type { AuditRow } from "#server/wire";
import { auditExportPath, readAudit } from "../../api/audit.ts";
import { useServerNow } from "../../live/clock.ts";
import { Age } from "../../parts/age.tsx";
import { Empty, Loading } from "../../parts/empty.tsx";
import { Heading } from "../../parts/heading.tsx";
import { Icon } from "../../parts/icon.tsx";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { countText } from "../../parts/quantities.ts";
import { type Column, Rows } from "../../parts/rows.tsx";
import { AuditFilter } from "./audit-filter.tsx";
import { auditQuery } from "./audit-search.ts";
import { useNames } from "./use-names.ts";
import { Verdict } from "./verdict.tsx";

const columns: readonly Column<"number" | "at" | "actor" | "action" | "subject" | "detail">[] = [
  { key: "number", name: "Row", isNumber: true },
  { key: "at", name: "When" },
  { key: "actor", name: "Who", room: "max-md:hidden" },
  { key: "action", name: "What" },
  { key: "subject", name: "Of", room: "max-md:hidden" },
  { key: "detail", name: "More", room: "max-lg:hidden" },
];

const route = getRouteApi("/audit");

/** What was done on this server, by whom, and whether the record of it is whole. */
export function AuditPage() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/audit" });
  const nameOf = useNames();
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetching } = useInfiniteQuery({
    queryKey: ["audit", search],
    queryFn: ({ pageParam, signal }) => readAudit(auditQuery(search), pageParam, signal),
    initialPageParam: "",
    getNextPageParam: ({ next }) => next,
  });
  const rows = data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <>
      <Heading title="Audit">
        <Verdict />
        <a className="button ml-auto" href={auditExportPath} download="farhand-audit.jsonl">
          <Icon name="download" />
          Export
        </a>
      </Heading>
      <AuditFilter search={search} change={(next) => void navigate({ search: next })} />
      {error && <ProblemNote error={error} retry={() => void refetch()} />}
      {!data && !error && <Loading what="the audit" />}
      {data && rows.length === 0 && (
        <div className="sheet">
          <Empty title="No row fits." />
        </div>
      )}
      {rows.length > 0 && (
        <Rows
          label="Audit"
          columns={columns}
          rows={rows}
          keyOf={({ sequence }) => String(sequence)}
          cells={(row) => <Cells row={row} nameOf={nameOf} />}
        />
      )}
      {data && (
        <div className="mt-2 flex items-center gap-3">
          <p role="status" className="text-soft">
            {countText(rows.length, "row")}, the newest first
          </p>
          {hasNextPage && (
            <button type="button" className="button" disabled={isFetching} onClick={() => void fetchNextPage()}>
              Read 200 more
            </button>
          )}
        </div>
      )}
    </>
  );
}

function Cells({ row, nameOf }: { readonly row: AuditRow; readonly nameOf: (id: string) => string }) {
  const now = useServerNow();
  const detail = JSON.stringify(row.detail ?? null);
  return (
    <>
      <td className="cell number">{row.sequence}</td>
      <td className="cell">
        <Age at={row.at} now={now} />
      </td>
      <td className="cell mono max-w-52 truncate max-md:hidden" title={row.actor}>
        {nameOf(row.actor)}
      </td>
      <td className="cell font-medium">{row.action}</td>
      <td className="cell mono max-w-52 truncate max-md:hidden" title={row.subject}>
        {nameOf(row.subject)}
      </td>
      <td className="cell mono max-w-md truncate max-lg:hidden" title={detail}>
        {detail}
      </td>
    </>
  );
}
