import { getRouteApi, Link } from "@tanstack/react-router";
import { useCallback, useState } from "react";
import type { UnitDetails } from "#server/wire";
import { useServerNow } from "../../live/clock.ts";
import { Empty } from "../../parts/empty.tsx";
import { Heading } from "../../parts/heading.tsx";
import { countText } from "../../parts/quantities.ts";
import { Table } from "../../parts/table.tsx";
import { RefusedNote } from "../tools/refused-note.tsx";
import { type UnitPlace, unitPlace } from "../tools/unit-names.ts";
import { OutputView } from "../unit/output-view.tsx";
import { isFinal } from "../unit/unit-output.ts";
import { CancelAll } from "./cancel-all.tsx";
import { TogetherRow } from "./together-row.tsx";

const columns = ["Status", "Worker", "Ending", "Took", "Output"].map((name) => ({ name }));

const route = getRouteApi("/units/seen");

/** A unit that is looked at, as far as it is known. */
interface Known extends UnitPlace {
  readonly details?: UnitDetails;
}

/** Units that were started together, on several workers: how each is, one's output at a time, and an end for all. */
export function TogetherPage() {
  const { of, refused = [] } = route.useSearch();
  const [details, setDetails] = useState<ReadonlyMap<string, UnitDetails>>(new Map());
  const [shown, setShown] = useState(of[0] ?? "");
  const told = useCallback(
    (name: string, unit: UnitDetails) => setDetails((before) => new Map(before).set(name, unit)),
    [],
  );
  // Another function would begin the output anew.
  const toldShown = useCallback((unit: UnitDetails) => told(shown, unit), [told, shown]);
  const now = useServerNow();
  const units = of.map((name): Known => ({ ...unitPlace(name), ...withDetails(details.get(name)) }));
  const running = units.filter((unit) => unit.details && !isFinal(unit.details.state));
  const one = details.get(shown);
  return (
    <div className="flex flex-col gap-4">
      <div>
        <p className="text-soft">
          <Link to="/units" className="link">
            Units
          </Link>{" "}
          /
        </p>
        <Heading title={countText(of.length, "unit")}>
          <span role="status" aria-label="Running" className="text-soft">
            {running.length > 0 ? `${running.length} not over` : "all over"}
          </span>
          <CancelAll units={running} />
        </Heading>
        <RefusedNote refused={refused} />
      </div>
      {of.length === 0 ? (
        <div className="sheet">
          <Empty title="The address names no unit.">Run… at the list of units starts some.</Empty>
        </div>
      ) : (
        <Table label="Units" columns={columns}>
          {of.map((name) => (
            <TogetherRow
              key={name}
              name={name}
              now={now}
              isShown={name === shown}
              show={() => setShown(name)}
              told={told}
            />
          ))}
        </Table>
      )}
      {one && <OutputView key={shown} worker={unitPlace(shown).worker} unit={one} told={toldShown} />}
    </div>
  );
}

const withDetails = (details: UnitDetails | undefined) => (details ? { details } : {});
