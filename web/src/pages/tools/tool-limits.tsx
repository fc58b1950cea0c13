import type { OpenedTool } from "../../api/tools.ts";
import { bytesText, durationText } from "../../parts/quantities.ts";

/** What the worker lets a tool do. */
export function ToolLimits({ tool }: { readonly tool: OpenedTool }) {
  const { name, targets, interfaces, filters, budget, unusable } = tool;
  const isCapture = name === "capture";
  const parts = isCapture
    ? [
        `listens on ${interfaces.join(", ")}`,
        filters.allow === "any" ? "any filter" : `only its own filters (${namesOf(tool)})`,
        ...(filters.required === undefined ? [] : [`always and-ed with ${filters.required}`]),
        `${budget.packets.toLocaleString("en")} packets`,
        bytesText(budget.bytes),
      ]
    : [`looks at ${targets.join(", ")}`, `${budget.targets} addresses`, `${budget.probesPerSecond} probes a second`];
  return (
    <div className="text-soft text-[0.92em]">
      {unusable !== undefined && <p className="mb-2 text-bad">It would be refused now: {unusable}</p>}
      <p>
        This worker: {[...parts, ...(name === "portscan" ? [`${budget.ports} ports of each`] : [])].join("; ")};{" "}
        {durationText(budget.seconds * 1_000)} at most.
      </p>
    </div>
  );
}

const namesOf = ({ filters }: OpenedTool): string =>
  Object.keys(filters.named)
    .map((name) => `@${name}`)
    .join(", ");
