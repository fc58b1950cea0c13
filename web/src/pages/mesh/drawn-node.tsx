import type { Place } from "./layout.ts";
import { nodeLabel } from "./node-label.ts";
import { nameOf, type SeenNode } from "./seen-node.ts";

interface DrawnNodeProps {
  readonly node: SeenNode;
  readonly place: Place;
  readonly isDense: boolean;
  readonly isChosen: boolean;
  /** How large its name is written; undefined: not at all. */
  readonly namePx: number | undefined;
  readonly choose: (node: string) => void;
}

/** A node: a square is the server, a disc a worker, a diamond another one; hollow is one that is not there now. */
export function DrawnNode({ node, place, isDense, isChosen, namePx, choose }: DrawnNodeProps) {
  const name = nameOf(node);
  const state = node.state === undefined || node.state === "online" ? "" : `, ${node.state}`;
  return (
    <g
      role="button"
      tabIndex={0}
      aria-pressed={isChosen}
      aria-label={`${nodeLabel(name)}, ${node.kind}${state}`}
      data-node={node.node}
      className="cursor-pointer outline-none [&:focus-visible>path]:stroke-accent [&:focus-visible>path]:[stroke-width:5]"
      transform={`translate(${place.x.toFixed(1)} ${place.y.toFixed(1)})`}
      onClick={() => choose(node.node)}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        choose(node.node);
      }}
    >
      <title>{name}</title>
      <path d={shapes[node.kind]} className={look(node)} strokeWidth={isChosen ? 5 : 2.5} />
      {namePx !== undefined && (
        <text
          {...(namePx > nameSize ? inwards(place, namePx) : labelPlace(place, isDense))}
          fontSize={namePx}
          className={textLook(isChosen)}
          strokeWidth={namePx / 3}
          paintOrder="stroke"
        >
          {nodeLabel(name)}
        </text>
      )}
    </g>
  );
}

const shapes: Readonly<Record<SeenNode["kind"], string>> = {
  server: "M-9-9H9V9H-9Z",
  worker: "M-7 0a7 7 0 1 0 14 0a7 7 0 1 0-14 0",
  node: "M0-8L8 0L0 8L-8 0Z",
};

const states: Readonly<Record<NonNullable<SeenNode["state"]>, string>> = {
  online: "fill-ok stroke-ok",
  late: "fill-sheet stroke-warn",
  lost: "fill-sheet stroke-bad",
  stopped: "fill-sheet stroke-soft",
  removed: "fill-sheet stroke-soft",
};

function look({ kind, state }: SeenNode): string {
  if (kind === "server") return "fill-accent stroke-accent";
  return state ? states[state] : "fill-busy stroke-busy";
}

const textLook = (isChosen: boolean): string => `stroke-sheet ${isChosen ? "fill-accent font-semibold" : "fill-ink"}`;

const gapPx = 14;
/** How large names are where all are written. */
export const nameSize = 12.5;

/** A name that is larger than the room around the drawing was made for: towards the middle, where it is not cut off. */
function inwards({ angle }: Place, namePx: number) {
  const aside = Math.cos(angle);
  const textAnchor = aside > 0.3 ? "end" : aside < -0.3 ? "start" : "middle";
  return { y: Math.sin(angle) > 0 ? -1.1 * namePx : 1.9 * namePx, textAnchor } as const;
}

/** A name outwards of its node; below it where lines go on. */
function labelPlace({ angle, hops, isOuter }: Place, isDense: boolean) {
  if (hops === 0 || !isOuter) return { y: 24, textAnchor: "middle" } as const;
  const [x, y] = [gapPx * Math.cos(angle), gapPx * Math.sin(angle)];
  const isLeft = Math.cos(angle) < 0;
  if (isDense) {
    const degrees = (angle * 180) / Math.PI + (isLeft ? 180 : 0);
    const transform = `translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${degrees.toFixed(1)})`;
    return { transform, dy: "0.35em", textAnchor: isLeft ? "end" : "start" } as const;
  }
  const isAside = Math.abs(Math.cos(angle)) > 0.3;
  if (!isAside) return { y: y > 0 ? 24 : -14, textAnchor: "middle" } as const;
  return { x, y, dy: "0.35em", textAnchor: isLeft ? "end" : "start" } as const;
}
