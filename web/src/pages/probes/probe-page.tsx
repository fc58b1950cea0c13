import { getRouteApi, Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { Empty } from "../../parts/empty.tsx";
import { Heading } from "../../parts/heading.tsx";
import { foundIn, type ProbeTime, timesOf } from "./probe-times.ts";
import { verdictNow, type WordNow, wordOf } from "./probe-state.ts";
import { type ProbeNow, useProbes } from "./use-probes.ts";
import { Says, Verdict } from "./verdict.tsx";

const route = getRouteApi("/probes/seen");

/** What one worker or several say of a target, and what enough of them agree on. */
export function ProbePage() {
  const { of, refused = [], quorum } = route.useSearch();
  // The router makes them anew with each look at the address.
  const key = of.join(" ");
  const names = useMemo(() => (key === "" ? [] : key.split(" ")), [key]);
  const probes = useProbes(names);
  const target = probes.find(({ state }) => state.summary)?.state.summary;
  const words = [
    ...probes.map(({ worker, state, fault }) => wordOf(worker, state, fault)),
    ...refused.map(({ worker, code }): WordNow => ({ worker, word: "silent", reason: `it refused: ${code}` })),
  ];
  return (
    <>
      <p className="text-soft">
        <Link to="/probes" className="link">
          Probes
        </Link>{" "}
        /
      </p>
      <Heading title={target ? `${target.probe} ${target.target}` : "Probe"} />
      {words.length === 0 ? (
        <div className="sheet">
          <Empty title="The address names no probe.">Probe… at the list of probes makes one.</Empty>
        </div>
      ) : (
        <div className="flex flex-col gap-4">
          <Verdict verdict={verdictNow(words, quorum)} words={words} />
          <Words words={words} probes={probes} />
        </div>
      )}
    </>
  );
}

const heads = ["Worker", "Says", "Found", "Times", "Attempts", "Why"];

function Words({ words, probes }: { readonly words: readonly WordNow[]; readonly probes: readonly ProbeNow[] }) {
  return (
    <div className="sheet overflow-x-auto" role="region" aria-label="Words of the workers" tabIndex={0}>
      <table className="w-full">
        <thead className="border-b border-line">
          <tr>
            {heads.map((name) => (
              <th key={name} scope="col" className="head">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {words.map((word, at) => (
            <Word key={`${word.worker} ${at}`} word={word} probe={probes[at]} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Word({
  word: { worker, word, reason },
  probe,
}: {
  readonly word: WordNow;
  readonly probe?: ProbeNow | undefined;
}) {
  const lines = probe?.state.lines ?? [];
  const good = lines.filter(({ ok }) => ok).length;
  return (
    <tr className="hover:bg-sunk">
      <td className="cell whitespace-nowrap">
        {probe ? (
          <Link to="/workers/$worker/units/$unit" params={{ worker, unit: probe.unit }} className="link">
            {worker}
          </Link>
        ) : (
          worker
        )}
      </td>
      <td className="cell">
        <Says word={word} />
      </td>
      <td className="cell mono min-w-40 break-words">{foundIn(lines)}</td>
      <td className="cell whitespace-nowrap">
        {timesOf(lines).map((time) => (
          <Time key={time.name} {...time} />
        ))}
      </td>
      <td className="cell whitespace-nowrap">{lines.length > 0 && `${good} of ${lines.length} right`}</td>
      <td className="cell min-w-40 break-words">
        {reason}
        {probe?.cut !== undefined && <span className="block text-bad">reconnecting: {probe.cut}</span>}
      </td>
    </tr>
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
