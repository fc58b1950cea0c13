import { Link } from "@tanstack/react-router";
import { Badge } from "../../parts/badge.tsx";
import { useRefusals } from "./refusals.ts";
import type { Refused } from "./start-each.ts";

/** Workers on which nothing was started: why, what to try, and by which error. */
export function RefusedNote({ refused }: { readonly refused: readonly Refused[] }) {
  const refusals = useRefusals(refused);
  if (refusals.length === 0) return null;
  return (
    <ul aria-label="Not started" className="mb-3 rounded-md border border-warn bg-warn-wash px-3 py-2">
      {refusals.map(({ worker, code, detail, remedy }) => (
        <li key={worker} className="flex flex-wrap items-center gap-x-2 break-words">
          <Badge tone="warn" icon="warn">
            not started
          </Badge>
          <Link to="/workers/$worker" params={{ worker }} search={{ tab: "connection" }} className="link">
            {worker}
          </Link>
          <span className="min-w-0 break-words">{detail}</span>
          <span className="mono">{code}</span>
          {remedy !== undefined && <span className="basis-full min-w-0 break-words text-soft">Try: {remedy}</span>}
        </li>
      ))}
    </ul>
  );
}
