import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { WordNow } from "./probe-state.ts";
import { foundIn, type ProbeTime, timesOf } from "./probe-times.ts";
import type { ProbeNow } from "./use-probes.ts";
import { Says } from "./verdict.tsx";

const heads = ["Worker", "Says", "Found", "Times", "Attempts", "Why"];

interface ProbeWordsProps {
  readonly words: readonly WordNow[];
  /** Of the first of them; the others started none. */
  readonly probes: readonly ProbeNow[];
}

/**
 * A row for each worker; on a narrow page a card. What is laid out as a card is no table any more to who hears the page: the
 * roles say that it is one.
 */
export function ProbeWords({ words, probes }: ProbeWordsProps) {
  return (
    <div className="sheet overflow-x-auto" role="region" aria-label="Words of the workers" tabIndex={0}>
      <table role="table" className="w-full max-md:block">
        <thead role="rowgroup" className="border-b border-line max-md:sr-only">
          <tr role="row">
            {heads.map((name) => (
              <th key={name} role="columnheader" scope="col" className="head">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup" className="divide-y divide-line max-md:block">
          {words.map((word, at) => (
            <Word key={`${word.worker} ${at}`} word={word} probe={probes[at]} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface WordProps {
  readonly word: WordNow;
  readonly probe?: ProbeNow | undefined;
}

function Word({ word: { worker, word, reason, remedy }, probe }: WordProps) {
  const lines = probe?.state.lines ?? [];
  const good = lines.filter(({ ok }) => ok).length;
  const times = timesOf(lines);
  const isReasoned = reason !== undefined || probe?.cut !== undefined;
  return (
    <tr role="row" className="hover:bg-sunk max-md:grid max-md:grid-cols-[1fr_auto] max-md:py-2">
      <td role="cell" className="cell min-w-0 break-words md:whitespace-nowrap">
        {probe ? (
          <Link to="/workers/$worker/units/$unit" params={{ worker, unit: probe.unit }} className="link">
            {worker}
          </Link>
        ) : (
          worker
        )}
      </td>
      <td role="cell" className="cell">
        <Says word={word} />
      </td>
      <Part name="Found" isThere={lines.length > 0} look="mono md:min-w-40">
        {foundIn(lines)}
      </Part>
      <Part name="Times" isThere={times.length > 0} look="md:whitespace-nowrap">
        {times.map((time) => (
          <Time key={time.name} {...time} />
        ))}
      </Part>
      <Part name="Attempts" isThere={lines.length > 0} look="md:whitespace-nowrap">
        {lines.length > 0 && `${good} of ${lines.length} right`}
      </Part>
      <Part name="Why" isThere={isReasoned} look="md:min-w-40">
        {reason}
        {remedy !== undefined && <span className="block text-soft">Try: {remedy}</span>}
        {probe?.cut !== undefined && <span className="block text-bad">reconnecting: {probe.cut}</span>}
      </Part>
    </tr>
  );
}

interface PartProps {
  readonly name: string;
  /** A card leaves out what is not known. */
  readonly isThere: boolean;
  readonly look: string;
  readonly children: ReactNode;
}

/** A cell; on a card a line with the name that the head of the column has else. */
function Part({ name, isThere, look, children }: PartProps) {
  const place = "max-md:col-span-2 max-md:grid max-md:grid-cols-[5.5rem_1fr]";
  return (
    <td role="cell" className={`cell break-words ${look} ${isThere ? place : "max-md:hidden"}`}>
      <span className="font-sans text-soft md:hidden" aria-hidden="true">
        {name}
      </span>
      <span className="min-w-0">{children}</span>
    </td>
  );
}

function Time({ name, best, average, worst }: ProbeTime) {
  return (
    <span className="block tabular-nums">
      <span className="text-soft">{name}</span> {average.toFixed(2)} ms
      {worst > best && <span className="text-soft">{` (${best.toFixed(2)} to ${worst.toFixed(2)})`}</span>}
    </span>
  );
}
