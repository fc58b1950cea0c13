import { useState } from "react";
import { hexDump } from "#tools/wire";
import type { Marked } from "./packet-view.tsx";

/** A jumbo frame, and what is larger when somebody asks. */
const firstBytes = 9_216;

interface HexViewProps {
  readonly bytes: Uint8Array;
  readonly marked: Marked | undefined;
  readonly number: number;
}

/** Bytes, sixteen a line, with those of the chosen field marked. */
export function HexView({ bytes, marked, number }: HexViewProps) {
  const [all, setAll] = useState(false);
  const lines = hexDump(all ? bytes : bytes.subarray(0, firstBytes));
  return (
    <section
      aria-label={`Bytes of packet ${number + 1}`}
      className="sheet mono max-h-96 overflow-auto p-3"
      tabIndex={0}
    >
      {lines.map(({ offset, hex, text }, line) => {
        const [from, to] = span(marked, line * 16, text.length);
        return (
          <div key={offset} className="flex gap-4 whitespace-pre">
            <span className="text-soft">{offset}</span>
            <span className="min-w-[47ch]">
              {hex.slice(0, from * 3)}
              <Mark>{hex.slice(from * 3, Math.max(from * 3, to * 3 - 1))}</Mark>
              {hex.slice(Math.max(from * 3, to * 3 - 1))}
            </span>
            <span>
              {text.slice(0, from)}
              <Mark>{text.slice(from, to)}</Mark>
              {text.slice(to)}
            </span>
          </div>
        );
      })}
      {!all && bytes.length > firstBytes && (
        <button type="button" className="link" onClick={() => setAll(true)}>
          Show all {bytes.length} bytes
        </button>
      )}
    </section>
  );
}

function Mark({ children }: { readonly children: string }) {
  return children === "" ? null : <mark className="rounded-sm bg-accent text-on-accent">{children}</mark>;
}

/** Which of a line's bytes are marked, from and to. */
function span(marked: Marked | undefined, start: number, length: number): readonly [number, number] {
  if (!marked) return [0, 0];
  const from = Math.min(length, Math.max(0, marked.at - start));
  return [from, Math.max(from, Math.min(length, marked.at + marked.length - start))];
}
