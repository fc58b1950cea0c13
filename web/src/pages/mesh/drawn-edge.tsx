import { edgeKey, type Layout } from "./layout.ts";
import { costText, type Edge } from "./mesh-graph.ts";

/** Where on its line the cost stands, from the node nearer to the server on: near the other one lines are apart. */
const costAt = 0.68;

/** A link: a straight line outwards, or a dashed bow across. Its cost stands on it, where there is room or it is not 1. */
export function DrawnEdge({ edge, layout, isChosen }: { edge: Edge; layout: Layout; isChosen: boolean }) {
  const [one, other] = [layout.places.get(edge.a), layout.places.get(edge.b)];
  if (!one || !other) return null;
  const [from, to] = one.hops <= other.hops ? [one, other] : [other, one];
  const isTree = layout.tree.has(edgeKey(edge.a, edge.b));
  const bend = isTree ? 0 : 0.16;
  const middle = {
    x: (from.x + to.x) / 2 + bend * (to.y - from.y),
    y: (from.y + to.y) / 2 - bend * (to.x - from.x),
  };
  const path = isTree
    ? `M${point(from)}L${point(to)}`
    : `M${point(from)}Q${point({ x: 2 * middle.x - (from.x + to.x) / 2, y: 2 * middle.y - (from.y + to.y) / 2 })} ${point(to)}`;
  const costPlace = isTree ? between(from, to, costAt) : middle;
  const text = costText(edge);
  return (
    <g>
      <title>{`${edge.a} – ${edge.b}: cost ${text}`}</title>
      <path
        d={path}
        fill="none"
        className={isChosen ? "stroke-accent" : "stroke-soft"}
        strokeWidth={isChosen ? 2.5 : 1.2}
        strokeOpacity={isChosen ? 1 : 0.7}
        {...(!isTree && { strokeDasharray: "5 4" })}
      />
      {(!layout.isDense || text !== "1" || isChosen) && (
        <text
          {...costPlace}
          dy="0.35em"
          textAnchor="middle"
          fontSize="11"
          className="fill-ink stroke-sheet"
          strokeWidth="4"
          paintOrder="stroke"
        >
          {text}
        </text>
      )}
    </g>
  );
}

interface Point {
  readonly x: number;
  readonly y: number;
}

const point = ({ x, y }: Point): string => `${x.toFixed(1)} ${y.toFixed(1)}`;

const between = (from: Point, to: Point, share: number): Point => ({
  x: from.x + share * (to.x - from.x),
  y: from.y + share * (to.y - from.y),
});
