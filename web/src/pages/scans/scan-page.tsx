import { getRouteApi, Link } from "@tanstack/react-router";
import type { HostLine, PortLine, PortState } from "#tools/wire";
import { Badge, type Tone, UnitBadge } from "../../parts/badge.tsx";
import { Heading } from "../../parts/heading.tsx";
import type { IconName } from "../../parts/icon.tsx";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { countText } from "../../parts/quantities.ts";
import { type Column, Rows } from "../../parts/rows.tsx";
import { useResult } from "../tools/use-result.ts";
import { UnitActs } from "../unit/unit-acts.tsx";
import { useUnit } from "../unit/use-unit.ts";
import { noScan, type ScanState, serviceText, takeScan } from "./scan-state.ts";

const route = getRouteApi("/scans/$worker/$unit");

/** One scan: which ports are open where, and what answers there. */
export function ScanPage() {
  const { worker, unit } = route.useParams();
  const { data, error } = useUnit(worker, unit);
  const { state, cut, isOver, error: unread } = useResult(worker, unit, noScan, takeScan);
  const fault = error ?? unread;
  return (
    <div className="flex flex-col gap-3">
      <div>
        <p className="text-soft">
          <Link to="/scans" className="link">
            Scans
          </Link>{" "}
          / {worker}
        </p>
        <Heading title={`Scan from ${worker}`}>
          {data && (
            <>
              <span role="status">
                <UnitBadge state={data.state} name={data.stateName} />
              </span>
              <UnitActs worker={worker} unit={data} />
            </>
          )}
        </Heading>
      </div>
      {data?.state === 3 && <p className="break-words text-bad">{data.detail}</p>}
      {fault !== undefined && <ProblemNote error={fault} />}
      {cut !== undefined && <p className="text-bad">reconnecting: {cut}</p>}
      <Progress state={state} isOver={isOver} />
      <Ports ports={[...state.ports.values()]} isOver={isOver} />
      <Hosts hosts={[...state.hosts.values()]} />
    </div>
  );
}

function Progress({ state, isOver }: { readonly state: ScanState; readonly isOver: boolean }) {
  const { summary, progress } = state;
  if (summary)
    return (
      <p className="text-soft" role="status" aria-label="Result">
        {countText(summary.open, "open port")} on {summary.up} of {countText(summary.hosts, "host")}, {summary.seconds}{" "}
        s, by {summary.program}
        {!summary.complete && <span className="text-warn">; it was stopped before its end</span>}
      </p>
    );
  if (isOver) return null;
  return (
    <p className="flex items-center gap-3 text-soft">
      <progress aria-label="Progress" max={100} {...(progress && { value: progress.percent })} />
      {progress ? `${Math.round(progress.percent)} %, ${progress.part}` : "looking"}
    </p>
  );
}

const looks: Readonly<Record<PortState, readonly [Tone, IconName]>> = {
  open: ["ok", "ok"],
  closed: ["quiet", "stopped"],
  filtered: ["warn", "warn"],
};
const columns: readonly Column<"address" | "port" | "state" | "service">[] = [
  { key: "address", name: "Host" },
  { key: "port", name: "Port", isNumber: true },
  { key: "state", name: "State" },
  { key: "service", name: "Service" },
];

function Ports({ ports, isOver }: { readonly ports: readonly PortLine[]; readonly isOver: boolean }) {
  if (ports.length === 0)
    return <p className="text-soft">{isOver ? "No open port was found." : "No open port yet."}</p>;
  return (
    <Rows
      label="Ports"
      columns={columns}
      rows={ports}
      keyOf={({ address, port }) => `${address} ${port}`}
      cells={(line) => (
        <>
          <td className="cell mono">{line.address}</td>
          <td className="cell number">{line.port}</td>
          <td className="cell">
            <Badge tone={looks[line.state][0]} icon={looks[line.state][1]}>
              {line.state}
            </Badge>
          </td>
          <td className="cell max-w-96 truncate" title={serviceText(line)}>
            {serviceText(line)}
          </td>
        </>
      )}
    />
  );
}

function Hosts({ hosts }: { readonly hosts: readonly HostLine[] }) {
  if (hosts.length === 0) return null;
  return (
    <section aria-label="Hosts">
      <h2 className="mb-2">Hosts</h2>
      <ul className="sheet divide-y divide-line">
        {hosts.map(({ address, state, open, closed, filtered, systems }) => (
          <li key={address} className="flex flex-wrap gap-x-4 px-4 py-1.5">
            <span className="mono">{address}</span>
            <span>{state}</span>
            <span className="text-soft">
              {open} open, {closed} closed, {filtered} filtered
            </span>
            {systems?.[0] && <span>{`${systems[0].name} (${systems[0].accuracy} %)`}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}
