import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, memo, useEffect, useRef } from "react";
import type { Captured } from "./captured.ts";
import { summaryOf } from "./packet-search.ts";

const rowPx = 24;
const columns = ["No.", "Time", "Source", "Destination", "Protocol", "Length", "Info"] as const;
const numbers: readonly string[] = ["No.", "Time", "Length"];

interface PacketTableProps {
  readonly captured: Captured;
  /** Which are shown: the first so many, or these. */
  readonly shown: number | readonly number[];
  readonly selected: number | undefined;
  readonly select: (packet: number) => void;
  /** Keep to the end, as long as the reader stays there. */
  readonly follows: boolean;
  readonly setFollows: (follows: boolean) => void;
}

/** Packets below each other; only those in sight are decoded. Up, down, Home and End choose one. */
export function PacketTable({ captured, shown, selected, select, follows, setFollows }: PacketTableProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const count = typeof shown === "number" ? shown : shown.length;
  const at = (row: number): number => (typeof shown === "number" ? row : (shown[row] ?? 0));
  const virtual = useVirtualizer({
    ...{ count, overscan: 10, estimateSize: () => rowPx, getScrollElement: () => scroller.current },
  });
  useEffect(() => {
    if (follows && count > 0) virtual.scrollToIndex(count - 1, { align: "end" });
  }, [follows, count, virtual]);
  const move = (event: KeyboardEvent) => {
    const row = selected === undefined ? -1 : typeof shown === "number" ? selected : shown.indexOf(selected);
    const targets: Readonly<Record<string, number>> = { ArrowDown: row + 1, ArrowUp: row - 1, Home: 0, End: count - 1 };
    const target = targets[event.key];
    if (target === undefined || count === 0) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(count - 1, target));
    setFollows(false);
    select(at(next));
    virtual.scrollToIndex(next);
  };
  const items = virtual.getVirtualItems();
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  const first = count > 0 ? captured.index.record(0).time : 0;
  return (
    <div
      ref={scroller}
      role="region"
      aria-label="Packets"
      tabIndex={0}
      onKeyDown={move}
      onWheel={({ deltaY }) => {
        if (deltaY < 0) setFollows(false);
      }}
      onTouchMove={() => setFollows(false)}
      className="sheet relative h-[min(45dvh,30rem)] min-h-48 overflow-auto"
    >
      <table className="mono w-full border-separate border-spacing-0 whitespace-nowrap" aria-rowcount={count + 1}>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((name) => (
              <th
                key={name}
                scope="col"
                className={`head sticky top-0 z-10 border-b border-line bg-sheet ${numbers.includes(name) ? "number" : ""}`}
              >
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <Space px={items[0]?.start ?? 0} />
          {items.map(({ index }) => (
            <PacketRow
              key={at(index)}
              captured={captured}
              number={at(index)}
              row={index}
              first={first}
              isSelected={at(index) === selected}
              select={select}
            />
          ))}
          <Space px={after} />
        </tbody>
      </table>
    </div>
  );
}

interface PacketRowProps extends Pick<PacketTableProps, "captured" | "select"> {
  readonly number: number;
  readonly row: number;
  /** When the first packet was seen, seconds. */
  readonly first: number;
  readonly isSelected: boolean;
}

const PacketRow = memo(function PacketRow({ captured, number, row, first, isSelected, select }: PacketRowProps) {
  const { time, source, destination, protocol, length, info } = summaryOf(captured.packet(number));
  const cell = "px-3 py-0.5";
  return (
    <tr
      aria-rowindex={row + 2}
      aria-current={isSelected || undefined}
      style={{ height: rowPx }}
      className={`cursor-pointer ${isSelected ? "bg-accent-wash text-accent" : "hover:bg-sunk"}`}
      onClick={() => select(number)}
    >
      <td className={`${cell} number`}>{number + 1}</td>
      <td className={`${cell} number`}>{(time - first).toFixed(6)}</td>
      <td className={cell}>{source}</td>
      <td className={cell}>{destination}</td>
      <td className={cell}>{protocol}</td>
      <td className={`${cell} number`}>{length}</td>
      <td className={`${cell} max-w-[60rem] truncate`}>{info}</td>
    </tr>
  );
});

function Space({ px }: { readonly px: number }) {
  if (px <= 0) return null;
  return (
    <tr aria-hidden="true">
      <td colSpan={columns.length} style={{ height: px, padding: 0 }} />
    </tr>
  );
}
