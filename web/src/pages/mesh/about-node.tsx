import { Link } from "@tanstack/react-router";
import { useServerNow } from "../../live/clock.ts";
import { Told } from "../../parts/age.tsx";
import { WorkerBadge } from "../../parts/badge.tsx";
import { spanText } from "../../parts/quantities.ts";
import { costText, type Edge } from "./mesh-graph.ts";
import { nameOf, type SeenNode } from "./seen-node.ts";

interface AboutNodeProps {
  readonly about: SeenNode | undefined;
  readonly edges: readonly Edge[];
}

/** The node that was chosen. */
export function AboutNode({ about, edges }: AboutNodeProps) {
  return (
    <section aria-label="The chosen node" aria-live="polite" className="sheet p-4">
      {about ? <About about={about} edges={edges} /> : <p className="text-soft">Choose a node to see its links.</p>}
    </section>
  );
}

function About({ about, edges }: { readonly about: SeenNode; readonly edges: readonly Edge[] }) {
  const now = useServerNow();
  const { node, kind, worker, stub, nextHop, state, heardAt } = about;
  const own = edges.filter(({ a, b }) => a === node || b === node);
  return (
    <>
      <h2 className="mb-2 break-words">{nameOf(about)}</h2>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 [&>dd]:min-w-0 [&>dd]:break-words [&>dt]:text-soft">
        <dt>Node</dt>
        <dd className="mono">{node}</dd>
        <dt>It is</dt>
        <dd>
          {kindText[kind]}
          {stub && ", a stub: it takes no part in routing"}
        </dd>
        {worker && state && (
          <>
            <dt>Worker</dt>
            <dd className="flex flex-wrap gap-x-3">
              <Link to="/workers/$worker" params={{ worker: worker.name }} className="link">
                {worker.name}
              </Link>
              <WorkerBadge state={state} />
              <Told value={heardAt === undefined ? undefined : heardText(now - heardAt)} at={heardAt} now={now} />
            </dd>
          </>
        )}
        <dt>Reached</dt>
        <dd>{reachedText(about, nextHop)}</dd>
        <dt>Links</dt>
        <dd>
          {own.length === 0 && <span className="text-soft">none is known</span>}
          <ul>
            {own.map((edge) => (
              <li key={`${edge.a} ${edge.b}`}>
                <span className="mono">{edge.a === node ? edge.b : edge.a}</span>{" "}
                <span className="text-soft">cost {costText(edge)}</span>
              </li>
            ))}
          </ul>
        </dd>
      </dl>
    </>
  );
}

const kindText: Readonly<Record<SeenNode["kind"], string>> = {
  server: "this server",
  worker: "a worker of this server",
  node: "another node of the mesh",
};

const heardText = (ms: number): string => (ms < 1_000 ? "heard now" : `heard ${spanText(ms)} ago`);

function reachedText({ kind, node }: SeenNode, nextHop: string | null): string {
  if (kind === "server") return "it is here";
  if (nextHop === null) return "by no way that you may see";
  return nextHop === node ? "straight" : `over ${nextHop}`;
}
