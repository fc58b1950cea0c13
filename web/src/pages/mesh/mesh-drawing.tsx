import { type Layout, edgeKey } from "./layout.ts";
import { DrawnEdge } from "./drawn-edge.tsx";
import { DrawnNode, nameSize } from "./drawn-node.tsx";
import type { Edge } from "./mesh-graph.ts";
import { nodeLabel } from "./node-label.ts";
import { nameOf, type SeenNode } from "./seen-node.ts";
import { useZoom } from "./use-zoom.ts";
import { namesFrom, stepped } from "./zoom.ts";

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
  const longest = Math.max(...nodes.map((node) => nodeLabel(nameOf(node)).length));
  const half = layout.radius + 24 + longest * letterPx;
  const halfHeight = layout.isDense ? half : layout.radius + 48;
  const { scroller, scale, to, fit, handlers } = useZoom({ width: 2 * half, height: 2 * halfHeight });
  return (
    <div className="flex min-w-0 flex-col gap-2">
      <Sizes scale={scale} change={to} fit={fit} />
      <div
        ref={scroller}
        className="sheet max-h-[calc(100dvh-11rem)] cursor-grab overflow-auto active:cursor-grabbing"
        tabIndex={0}
        role="region"
        aria-label="Drawing of the mesh"
        aria-describedby="mesh-sizes"
        {...handlers}
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
            const isChosen = node.node === chosen;
            // The name of the chosen one is as large as ever.
            const namePx = scale >= namesFrom ? nameSize : isChosen ? nameSize / scale : undefined;
            const props = { node, place, isDense: layout.isDense, isChosen, namePx, choose };
            return <DrawnNode key={node.node} {...props} />;
          })}
        </svg>
      </div>
    </div>
  );
}

interface SizesProps {
  readonly scale: number;
  readonly change: (scale: number) => void;
  readonly fit: () => void;
}

function Sizes({ scale, change, fit }: SizesProps) {
  const [smaller, larger] = [stepped(scale, -1), stepped(scale, 1)];
  return (
    <div role="group" aria-label="Size of the drawing" className="flex flex-wrap items-center gap-2">
      <button type="button" className="button" disabled={smaller === scale} onClick={() => change(smaller)}>
        Smaller
      </button>
      <button type="button" className="button" disabled={larger === scale} onClick={() => change(larger)}>
        Larger
      </button>
      <button type="button" className="button" onClick={fit}>
        All of it
      </button>
      <span role="status" className="text-soft">{`${Math.round(scale * 100)} %`}</span>
      <span id="mesh-sizes" className="text-soft">
        Keys +, − and 0, the wheel with Ctrl; drag to move
        {scale < namesFrom && ". Names are told when you point at a node or choose it"}
      </span>
    </div>
  );
}
