import { getRouteApi, Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { Empty } from "../../parts/empty.tsx";
import { Heading } from "../../parts/heading.tsx";
import { useRefusals } from "../tools/refusals.ts";
import { refusedWord, verdictNow, wordOf } from "./probe-state.ts";
import { ProbeWords } from "./probe-words.tsx";
import { useProbes } from "./use-probes.ts";
import { Verdict } from "./verdict.tsx";

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
    ...useRefusals(refused).map(refusedWord),
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
          <ProbeWords words={words} probes={probes} />
        </div>
      )}
    </>
  );
}
