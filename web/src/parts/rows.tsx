import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type ReactNode, useRef } from "react";
import type { TableColumn } from "./table.tsx";

export interface Column<Key extends string> extends TableColumn {
  readonly key: Key;
  readonly isSortable?: boolean;
}

export interface RowsProps<Row, Key extends string> {
  /** What the table is, for those who do not see it. */
  readonly label: string;
  readonly columns: readonly Column<Key>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** One row's cells, `<td>` for each column. */
  readonly cells: (row: Row) => ReactNode;
  readonly sort?: { readonly key: Key; readonly isDown: boolean };
  readonly onSort?: (key: Key) => void;
}

const rowPx = 40;

/**
 * A table of as many rows as there are, of which only those in sight are in the page. Up and down, Home and End go through
 * the links in the rows.
 */
export function Rows<Row, Key extends string>({
  label,
  columns,
  rows,
  keyOf,
  cells,
  sort,
  onSort,
}: RowsProps<Row, Key>) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPx,
    overscan: 8,
    getItemKey: (index) => keyOf(rows[index] as Row),
  });
  const items = virtual.getVirtualItems();
  const before = items[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  const goTo = (index: number) => {
    virtual.scrollToIndex(index, { align: "auto" });
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-row="${index}"] a`)?.focus());
  };
  return (
    <div
      ref={scroller}
      className="sheet relative max-h-[calc(100dvh-12rem)] overflow-auto"
      tabIndex={0}
      role="region"
      aria-label={label}
    >
      <table className="w-full border-separate border-spacing-0" aria-rowcount={rows.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <Head key={column.key} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody onKeyDown={(event) => move(event, rows.length, goTo)}>
          <Space px={before} columns={columns.length} />
          {items.map(({ index, key }) => (
            <tr
              key={key as string}
              data-row={index}
              aria-rowindex={index + 2}
              style={{ height: rowPx }}
              className="hover:bg-sunk [&>td]:border-b [&>td]:border-line"
            >
              {cells(rows[index] as Row)}
            </tr>
          ))}
          <Space px={after} columns={columns.length} />
        </tbody>
      </table>
    </div>
  );
}

function Space({ px, columns }: { readonly px: number; readonly columns: number }) {
  if (px <= 0) return null;
  return (
    <tr aria-hidden="true">
      <td colSpan={columns} style={{ height: px, padding: 0 }} />
    </tr>
  );
}

function Head<Key extends string>({
  column,
  sort,
  onSort,
}: {
  readonly column: Column<Key>;
  readonly sort: RowsProps<never, Key>["sort"];
  readonly onSort: RowsProps<never, Key>["onSort"];
}) {
  const { key, name, isNumber = false, room = "", isSortable = false } = column;
  const isSorted = sort?.key === key;
  const order = isSorted ? (sort.isDown ? "descending" : "ascending") : "none";
  const classes = `head sticky top-0 z-10 border-b border-line bg-sheet ${isNumber ? "number" : ""} ${room}`;
  if (!isSortable || !onSort)
    return (
      <th scope="col" className={classes}>
        {name}
      </th>
    );
  return (
    <th scope="col" className={classes} aria-sort={order}>
      <button type="button" className="cursor-pointer hover:text-ink" onClick={() => onSort(key)}>
        {name}
        <span aria-hidden="true">{isSorted ? (sort.isDown ? " ↓" : " ↑") : ""}</span>
      </button>
    </th>
  );
}

function move(event: KeyboardEvent, count: number, goTo: (index: number) => void): void {
  const row = (event.target as HTMLElement).closest("[data-row]");
  if (!row || event.altKey || event.ctrlKey || event.metaKey) return;
  const at = Number(row.getAttribute("data-row"));
  const targets: Readonly<Record<string, number>> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: count - 1 };
  const target = targets[event.key];
  if (target === undefined) return;
  event.preventDefault();
  goTo(Math.max(0, Math.min(count - 1, target)));
}
