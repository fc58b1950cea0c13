import type { ReactNode } from "react";
import type { UnitDetails } from "#server/wire";
import { unitCauses } from "#work/wire";
import { Age } from "../../parts/age.tsx";
import { bytesText, durationText, personText } from "../../parts/quantities.ts";
import { isFinal } from "./unit-output.ts";

/** What is known of a unit, and the truth about its ending. */
export function UnitFacts({ unit, now }: { readonly unit: UnitDetails; readonly now: number }) {
  const { workType, requestedBy, startedAt, endedAt, createdAt, stdoutSize } = unit;
  const took = startedAt === undefined ? undefined : (endedAt ?? (isFinal(unit.state) ? undefined : now));
  return (
    <dl className="grid grid-cols-2 gap-x-8 gap-y-2 lg:grid-cols-4">
      {isFinal(unit.state) && <Fact name="Ending">{endingOf(unit)}</Fact>}
      {!isFinal(unit.state) && unit.detail !== "" && <Fact name="Detail">{unit.detail}</Fact>}
      <Fact name="Work type">
        <span className="mono">{workType}</span>
      </Fact>
      <Fact name="Ordered by">{requestedBy ? personText(requestedBy.user) : "the worker's own machine"}</Fact>
      <Fact name="Made">
        <Age at={createdAt ?? startedAt} now={now} />
      </Fact>
      {took !== undefined && startedAt !== undefined && (
        <Fact name={endedAt === undefined ? "Running for" : "Took"}>{durationText(Math.max(0, took - startedAt))}</Fact>
      )}
      <Fact name="Output">{bytesText(stdoutSize)}</Fact>
    </dl>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-soft">{name}</dt>
      <dd className="break-words">{children}</dd>
    </div>
  );
}

/** How it ended: exit code or signal, the cause in words, and what the worker says of it besides. */
function endingOf({ exitCode, signal, cause, detail }: UnitDetails): ReactNode {
  const how = signal !== undefined ? `signal ${signal}` : exitCode !== undefined ? `exit code ${exitCode}` : undefined;
  const why =
    cause !== undefined && Object.hasOwn(unitCauses, cause) ? unitCauses[cause as keyof typeof unitCauses] : undefined;
  return (
    <>
      <span className="font-medium">{how ?? "no exit was seen"}</span>
      {cause !== undefined && cause !== "EXITED" && (
        <span className="block">
          {why ?? cause} <span className="mono text-soft">({cause})</span>
        </span>
      )}
      {detail !== "" && cause !== "EXITED" && <span className="block text-soft">{detail}</span>}
    </>
  );
}
