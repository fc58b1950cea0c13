import { useEffect, useRef, useState } from "react";
import { type Layout, edgeKey } from "./layout.ts";
import { DrawnEdge } from "./drawn-edge.tsx";
import { DrawnNode } from "./drawn-node.tsx";
import type { Edge } from "./mesh-graph.ts";
import { nodeLabel } from "./node-label.ts";
import { nameOf, type SeenNode } from "./seen-node.ts";

const letterPx = 6.8;

export interface MeshDrawingProps {
  readonly nodes: readonly SeenNode[];
  readonly edges: readonly Edge[];
  readonly layout: Layout;
  readonly chosen: string | undefined;
  readonly choose: (node: string) => void;
}

/** The map: rings around the server. Each node can be reached with the Tab key and chosen with Enter. */
export function MeshDrawing({ nodes, edges, layout, chosen, choose }: MeshDrawingProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const longest = Math.max(...nodes.map((node) => nodeLabel(nameOf(node)).length));
  const half = layout.radius + 24 + longest * letterPx;
  const halfHeight = layout.isDense ? half : layout.radius + 48;
  const [scale, setScale] = useState(1);
  useEffect(() => {
    const element = scroller.current;
    // The server stands in the middle, and is what one sees first.
    if (!element) return;
    element.scrollLeft = (element.scrollWidth - element.clientWidth) / 2;
    element.scrollTop = (element.scrollHeight - element.clientHeight) / 2;
  }, [half, scale]);
  return (
    <div className="flex min-w-0 flex-col gap-2">
      <Sizes scale={scale} change={setScale} />
      <div
        ref={scroller}
        className="sheet max-h-[calc(100dvh-11rem)] overflow-auto"
        tabIndex={0}
        role="region"
        aria-label="Drawing of the mesh"
      >
        <svg
          role="group"
          aria-label="Nodes and links; the tables say the same"
          width={2 * half * scale}
          height={2 * halfHeight * scale}
          viewBox={`${-half} ${-halfHeight} ${2 * half} ${2 * halfHeight}`}
          className="mx-auto block"
        >
          {edges.map((edge) => (
            <DrawnEdge
              key={edgeKey(edge.a, edge.b)}
              edge={edge}
              layout={layout}
              isChosen={edge.a === chosen || edge.b === chosen}
            />
          ))}
          {nodes.map((node) => {
            const place = layout.places.get(node.node);
            if (!place) return null;
            const props = { node, place, isDense: layout.isDense, isChosen: node.node === chosen, choose };
            return <DrawnNode key={node.node} {...props} />;
          })}
        </svg>
      </div>
    </div>
  );
}

const scales = [0.5, 0.7, 1, 1.4, 2];

function Sizes({ scale, change }: { readonly scale: number; readonly change: (scale: number) => void }) {
  const at = scales.indexOf(scale);
  const [smaller, larger] = [scales[at - 1], scales[at + 1]];
  return (
    <div role="group" aria-label="Size of the drawing" className="flex items-center gap-2">
      <button
        type="button"
        className="button"
        disabled={smaller === undefined}
        onClick={() => change(smaller ?? scale)}
      >
        Smaller
      </button>
      <button type="button" className="button" disabled={larger === undefined} onClick={() => change(larger ?? scale)}>
        Larger
      </button>
      <span role="status" className="text-soft">{`${Math.round(scale * 100)} %`}</span>
    </div>
  );
}
