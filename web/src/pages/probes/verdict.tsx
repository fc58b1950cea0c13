import { Badge, type Tone } from "../../parts/badge.tsx";
import type { IconName } from "../../parts/icon.tsx";
import { countText } from "../../parts/quantities.ts";
import type { VerdictNow, WordNow } from "./probe-state.ts";

type Look = readonly [Tone, IconName];

const wordLooks: Readonly<Record<WordNow["word"], Look>> = {
  up: ["ok", "ok"],
  down: ["bad", "bad"],
  silent: ["quiet", "stopped"],
  asking: ["busy", "busy"],
};

/** A worker's word. */
export function Says({ word }: Pick<WordNow, "word">) {
  const [tone, icon] = wordLooks[word];
  return (
    <Badge tone={tone} icon={icon}>
      {word}
    </Badge>
  );
}

const verdictLooks: Readonly<Record<VerdictNow["verdict"], Look>> = {
  up: ["ok", "ok"],
  down: ["bad", "bad"],
  undecided: ["warn", "warn"],
};
const fills = { up: "fill-ok", silent: "fill-line", asking: "fill-busy", down: "fill-bad" } as const;
const [widthPx, heightPx] = [600, 14];

/** What all workers together say: in words, and as a bar in which each has its share. */
export function Verdict({ verdict: now, words }: { readonly verdict: VerdictNow; readonly words: readonly WordNow[] }) {
  const { verdict, isFinal, up, down, silent, asking, quorum } = now;
  const [tone, icon] = isFinal ? verdictLooks[verdict] : (["busy", "busy"] as const);
  const counts = [`${up} up`, `${down} down`, `${silent} silent`, ...(asking > 0 ? [`${asking} still asked`] : [])];
  return (
    <section aria-label="Verdict" className="sheet flex flex-col gap-2 p-4">
      <p role="status" className="text-[1.3rem]">
        <Badge tone={tone} icon={icon}>
          {isFinal ? verdict : "asking"}
        </Badge>
      </p>
      <svg viewBox={`0 0 ${widthPx} ${heightPx}`} className="w-full max-w-xl" role="img" aria-label={counts.join(", ")}>
        {bars(words).map(({ worker, word, x, width }) => (
          <rect key={x} x={x} width={width} y={0} height={heightPx} rx={2} className={fills[word]}>
            <title>{`${worker}: ${word}`}</title>
          </rect>
        ))}
      </svg>
      <p className="text-soft">
        {counts.join(", ")}; {countText(quorum, "worker")} must agree.
        {isFinal && verdict === "undecided" && " Too few do, or as many say the one as the other."}
      </p>
    </section>
  );
}

/** Those that say the same beside each other, all of the same width. */
function bars(words: readonly WordNow[]) {
  const order = Object.keys(fills);
  const sorted = words.toSorted((a, b) => order.indexOf(a.word) - order.indexOf(b.word));
  const step = widthPx / Math.max(1, sorted.length);
  const gap = Math.min(3, step / 4);
  return sorted.map(({ worker, word }, at) => ({ worker, word, x: at * step, width: step - gap }));
}
