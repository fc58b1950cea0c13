import type { Units } from "#work";
import { stateName, UnitState } from "#work/wire";
import type { Series } from "./metrics.ts";

/** What the metrics show of units and of the processes that mind them. */
export function unitSeries(units: Pick<Units, "countByState" | "helperPids">): Series[] {
  return [
    {
      name: "farhand_units",
      help: "Units on this node by state",
      kind: "gauge",
      labels: ["state"],
      read: () => unitsByState(units.countByState()),
    },
    {
      name: "farhand_helpers",
      help: "Helper processes this worker uses",
      kind: "gauge",
      labels: [],
      read: () => [[[], units.helperPids.length]],
    },
  ];
}

/** States no unit is in are shown too: a series that comes and goes breaks rates and alerts. */
function unitsByState(counts: ReadonlyMap<string, number>): [[string], number][] {
  return Object.values(UnitState).map((state) => [[stateName(state)], counts.get(stateName(state)) ?? 0]);
}
