import type { HopLine } from "#tools/wire";
import { countText } from "../../parts/quantities.ts";

const [stepPx, heightPx, topPx, roomPx] = [72, 128, 24, 64];

/** The path from left to right: a hop stands the lower, the longer its answers take; a ring is one that said nothing. */
export function PathDrawing({ hops, reached }: { readonly hops: readonly HopLine[]; readonly reached: boolean }) {
  const slowest = Math.max(0.1, ...hops.map(({ averageMs = 0 }) => averageMs));
  const last = hops.at(-1)?.hop ?? 0;
  const points = hops.map(({ hop, averageMs = 0 }) => ({
    x: 30 + hop * stepPx,
    y: topPx + (roomPx * averageMs) / slowest,
  }));
  const line = [{ x: 30, y: topPx }, ...points].map(({ x, y }) => `${x},${y.toFixed(1)}`).join(" ");
  return (
    <div className="overflow-x-auto" tabIndex={0} role="region" aria-label="Drawing of the path">
      <svg
        width={60 + (last + 1) * stepPx - 30}
        height={heightPx}
        role="img"
        aria-label={`A path of ${countText(last, "hop")}`}
      >
        <polyline points={line} fill="none" className="stroke-line" strokeWidth="2" />
        <circle cx="30" cy={topPx} r="6" className="fill-accent" />
        {hops.map(({ hop, received, loss, averageMs, addresses }, at) => {
          const { x, y } = points[at] ?? { x: 0, y: 0 };
          const isEnd = reached && at === hops.length - 1;
          const look =
            received === 0 ? "fill-sheet stroke-soft" : loss > 0 ? "fill-warn" : isEnd ? "fill-ok" : "fill-busy";
          return (
            <g key={hop}>
              <title>{`hop ${hop}: ${addresses[0] ?? "no answer"}`}</title>
              <circle cx={x} cy={y} r={isEnd ? 8 : 6} className={look} strokeWidth="2" />
              <text x={x} y={y - 11} textAnchor="middle" className="fill-soft" fontSize="11">
                {hop}
              </text>
              <text x={x} y={y + 22} textAnchor="middle" className="fill-ink" fontSize="11">
                {averageMs === undefined ? "–" : `${averageMs.toFixed(1)} ms`}
              </text>
            </g>
          );
        })}
      </svg>
    </div>
  );
}
