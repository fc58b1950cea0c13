import { Link } from "@tanstack/react-router";
import { Badge } from "../../parts/badge.tsx";
import type { Refused } from "./start-each.ts";

/** Workers on which nothing was started, and by which error. */
export function RefusedNote({ refused }: { readonly refused: readonly Refused[] }) {
  if (refused.length === 0) return null;
  return (
    <ul aria-label="Not started" className="mb-3 rounded-md border border-warn bg-warn-wash px-3 py-2">
      {refused.map(({ worker, code }) => (
        <li key={worker} className="flex flex-wrap items-center gap-x-2 break-words">
          <Badge tone="warn" icon="warn">
            not started
          </Badge>
          <Link to="/workers/$worker" params={{ worker }} search={{ tab: "connection" }} className="link">
            {worker}
          </Link>
          <span className="mono">{code}</span>
        </li>
      ))}
    </ul>
  );
}
