import { getRouteApi, Link } from "@tanstack/react-router";
import { UnitBadge } from "../../parts/badge.tsx";
import { Empty } from "../../parts/empty.tsx";
import { Heading } from "../../parts/heading.tsx";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { countText } from "../../parts/quantities.ts";
import { RefusedNote } from "../tools/refused-note.tsx";
import { unitPlace } from "../tools/unit-names.ts";
import { type Result, useResult } from "../tools/use-result.ts";
import { UnitActs } from "../unit/unit-acts.tsx";
import { useUnit } from "../unit/use-unit.ts";
import { HopTable } from "./hop-table.tsx";
import { PathDrawing } from "./path-drawing.tsx";
import { noPath, type PathState, takePath } from "./path-state.ts";

const route = getRouteApi("/paths/seen");

/** One traceroute, or those of several workers beside each other. */
export function PathPage() {
  const { of, refused = [] } = route.useSearch();
  return (
    <>
      <p className="text-soft">
        <Link to="/paths" className="link">
          Paths
        </Link>{" "}
        /
      </p>
      <Heading title={of.length > 1 ? `${of.length} paths` : "Path"} />
      {of.length === 0 && <Empty title="The address names no traceroute." />}
      <RefusedNote refused={refused} />
      <div className={`grid gap-4 ${of.length > 1 ? "2xl:grid-cols-2" : ""}`}>
        {of.map((name) => (
          <OnePath key={name} {...unitPlace(name)} />
        ))}
      </div>
    </>
  );
}

function OnePath({ worker, unit }: { readonly worker: string; readonly unit: string }) {
  const { data, error } = useUnit(worker, unit);
  const result = useResult(worker, unit, noPath, takePath);
  const { path, summary, drawn } = result.state;
  const fault = error ?? result.error;
  return (
    <section aria-label={`Path from ${worker}`} className="sheet flex min-w-0 flex-col gap-3 p-4">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <h2>
          {worker} → {path?.target ?? drawn?.target ?? "…"}
        </h2>
        {data && (
          <>
            <span role="status">
              <UnitBadge state={data.state} name={data.stateName} />
            </span>
            <UnitActs worker={worker} unit={data} />
          </>
        )}
      </div>
      {path && (
        <p className="text-soft">
          <span className="mono">{path.address}</span>, {path.method.toUpperCase()}
          {path.port !== undefined && ` port ${path.port}`}, by {path.program}
          {summary &&
            `; ${summary.reached ? `reached after ${countText(summary.hops, "hop")}` : "not reached"}, ${summary.seconds} s`}
        </p>
      )}
      {data?.state === 3 && <p className="text-bad break-words">{data.detail}</p>}
      {fault !== undefined && <ProblemNote error={fault} />}
      {result.cut !== undefined && <p className="text-bad">reconnecting: {result.cut}</p>}
      {drawn ? <Drawn state={result.state} target={drawn.target} /> : <Hops worker={worker} result={result} />}
    </section>
  );
}

function Hops({ worker, result: { state, isOver } }: { readonly worker: string; readonly result: Result<PathState> }) {
  const { hops, summary } = state;
  if (hops.length === 0)
    return <p className="text-soft">{isOver ? "No hop has answered." : "Waiting for the first hop…"}</p>;
  return (
    <>
      <PathDrawing hops={hops} reached={summary?.reached ?? false} />
      <HopTable hops={hops} label={`Hops from ${worker}`} />
    </>
  );
}

/** The picture that a worker of Quokka made of the path. */
function Drawn({ state: { drawn, picture }, target }: { readonly state: PathState; readonly target: string }) {
  return (
    <>
      <p className="text-soft">
        By {drawn?.method.toUpperCase()}, by the program of Quokka, which draws the path and does not tell its hops.
        {!drawn?.picture && " It made no picture."}
        {drawn?.picture && !picture && " The picture is too large for this page: download the output of the unit."}
      </p>
      {picture && <img className="max-w-full" src={picture} alt={`The path to ${target}, as drawn by its worker`} />}
    </>
  );
}
