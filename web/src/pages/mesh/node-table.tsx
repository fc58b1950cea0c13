import { Link } from "@tanstack/react-router";
import { useServerNow } from "../../live/clock.ts";
import { Age, isStale } from "../../parts/age.tsx";
import { WorkerBadge } from "../../parts/badge.tsx";
import { type Column, Rows } from "../../parts/rows.tsx";
import { nameOf, type SeenNode } from "./seen-node.ts";

const columns: readonly Column<"node" | "state" | "heard" | "hop" | "links">[] = [
  { key: "node", name: "Node" },
  { key: "state", name: "State" },
  { key: "heard", name: "Heard", room: "max-sm:hidden" },
  { key: "hop", name: "Reached over", room: "max-md:hidden" },
  { key: "links", name: "Links", isNumber: true },
];

/** The nodes of the drawing as a list. */
export function NodeTable(props: { readonly nodes: readonly SeenNode[]; readonly choose: (node: string) => void }) {
  const now = useServerNow();
  return (
    <Rows
      label="Nodes"
      columns={columns}
      rows={props.nodes}
      keyOf={({ node }) => node}
      cells={(node) => <Cells node={node} now={now} choose={props.choose} />}
    />
  );
}

interface CellsProps {
  readonly node: SeenNode;
  readonly now: number;
  readonly choose: (node: string) => void;
}

function Cells({ node: seen, now, choose }: CellsProps) {
  const { node, kind, worker, state, heardAt, nextHop, links } = seen;
  return (
    <>
      <td className="cell max-w-44 truncate font-medium" title={node}>
        {worker ? (
          <Link
            to="/workers/$worker"
            params={{ worker: worker.name }}
            className="link"
            onMouseEnter={() => choose(node)}
            onFocus={() => choose(node)}
          >
            {worker.name}
          </Link>
        ) : (
          nameOf(seen)
        )}
      </td>
      <td className="cell">{state ? <WorkerBadge state={state} /> : kind === "server" ? "this server" : "node"}</td>
      <td className={`cell max-sm:hidden ${heardAt !== undefined && isStale(heardAt, now) ? "text-stale italic" : ""}`}>
        {heardAt === undefined ? "–" : <Age at={heardAt} now={now} />}
      </td>
      <td className="cell mono max-w-40 truncate max-md:hidden" title={nextHop ?? undefined}>
        {nextHop === null ? "–" : nextHop === node ? "straight" : nextHop}
      </td>
      <td className="cell number">{links}</td>
    </>
  );
}
