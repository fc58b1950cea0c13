import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { AuditRow } from "#server/wire";
import { auditExportPath, readAudit } from "../../api/audit.ts";
import { useServerNow } from "../../live/clock.ts";
import { Age } from "../../parts/age.tsx";
import { Empty, Loading } from "../../parts/empty.tsx";
import { Heading } from "../../parts/heading.tsx";
import { Icon } from "../../parts/icon.tsx";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { type Column, Rows } from "../../parts/rows.tsx";
import { Verdict } from "./verdict.tsx";

const columns: readonly Column<"number" | "at" | "actor" | "action" | "subject" | "detail">[] = [
  { key: "number", name: "Row", isNumber: true },
  { key: "at", name: "When" },
  { key: "actor", name: "Who", room: "max-md:hidden" },
  { key: "action", name: "What" },
  { key: "subject", name: "Of", room: "max-md:hidden" },
  { key: "detail", name: "More", room: "max-lg:hidden" },
];

/** What was done on this server, by whom, and whether the record of it is whole. */
export function AuditPage() {
  const [text, setText] = useState("");
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetching } = useInfiniteQuery({
    queryKey: ["audit"],
    queryFn: ({ pageParam, signal }) => readAudit(pageParam, signal),
    initialPageParam: 0,
    getNextPageParam: ({ items, next }) => (next === undefined ? undefined : items.at(-1)?.sequence),
  });
  const read = data?.pages.flatMap(({ items }) => items) ?? [];
  const rows = read.filter((row) => fits(row, text.trim().toLowerCase()));
  return (
    <>
      <Heading title="Audit">
        <Verdict />
        <a className="button ml-auto" href={auditExportPath} download="farhand-audit.jsonl">
          <Icon name="download" />
          Export
        </a>
      </Heading>
      <div role="search" className="mb-3 flex flex-wrap items-center gap-2">
        <input
          type="search"
          aria-label="Search who, what and of what"
          placeholder="Who, what, of what"
          className="field max-w-sm"
          value={text}
          onChange={({ target }) => setText(target.value)}
        />
        <p role="status" className="text-soft">
          {rows.length} of {read.length} rows that were read
        </p>
        {hasNextPage && (
          <button type="button" className="button" disabled={isFetching} onClick={() => void fetchNextPage()}>
            Read 500 more
          </button>
        )}
      </div>
      {error && <ProblemNote error={error} retry={() => void refetch()} />}
      {!data && !error && <Loading what="the audit" />}
      {data && rows.length === 0 && (
        <div className="sheet">
          <Empty title="No row that was read fits." />
        </div>
      )}
      {rows.length > 0 && (
        <Rows
          label="Audit"
          columns={columns}
          rows={rows}
          keyOf={({ sequence }) => String(sequence)}
          cells={(row) => <Cells row={row} />}
        />
      )}
    </>
  );
}

const fits = ({ actor, action, subject }: AuditRow, text: string): boolean =>
  `${actor} ${action} ${subject}`.toLowerCase().includes(text);

function Cells({ row }: { readonly row: AuditRow }) {
  const now = useServerNow();
  const detail = JSON.stringify(row.detail ?? null);
  return (
    <>
      <td className="cell number">{row.sequence}</td>
      <td className="cell">
        <Age at={row.at} now={now} />
      </td>
      <td className="cell mono max-w-52 truncate max-md:hidden" title={row.actor}>
        {row.actor}
      </td>
      <td className="cell font-medium">{row.action}</td>
      <td className="cell mono max-w-52 truncate max-md:hidden" title={row.subject}>
        {row.subject}
      </td>
      <td className="cell mono max-w-md truncate max-lg:hidden" title={detail}>
        {detail}
      </td>
    </>
  );
}
