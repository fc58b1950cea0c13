import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useTheme } from "../../app/theme.ts";
import { aloneIn, type GraphProps } from "./series.ts";

const heightPx = 150;

/** Values over time, as a line. What it shows stands in words beside it: the drawing is for the eye alone. */
export function Graph({ points, window: { from, to }, top, text, fill = false }: GraphProps) {
  const place = useRef<HTMLDivElement>(null);
  const theme = useTheme();
  useEffect(() => {
    const parent = place.current;
    if (!parent) return undefined;
    // Colours are read when it is drawn: with others it is drawn anew.
    void theme;
    const data: uPlot.AlignedData = [points.map(({ at }) => at / 1_000), points.map(({ value }) => value)];
    const plot = new uPlot(
      optionsOf({ from, to, top, text, fill, alone: aloneIn(points), width: parent.clientWidth }),
      data,
      parent,
    );
    const resized = new ResizeObserver(() => plot.setSize({ width: parent.clientWidth, height: heightPx }));
    resized.observe(parent);
    return () => {
      resized.disconnect();
      plot.destroy();
    };
  }, [points, from, to, top, text, fill, theme]);
  return <div ref={place} aria-hidden="true" className="min-w-0" style={{ height: heightPx }} />;
}

interface Drawn {
  readonly top: number | undefined;
  readonly text: (value: number) => string;
  readonly from: number;
  readonly to: number;
  readonly fill: boolean;
  /** Values without a neighbour. */
  readonly alone: number[];
  readonly width: number;
}

function optionsOf({ from, to, top, text, fill, alone, width }: Drawn): uPlot.Options {
  const colours = getComputedStyle(document.documentElement);
  const colour = (name: string): string => colours.getPropertyValue(name).trim();
  const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
  return {
    width,
    height: heightPx,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    scales: {
      x: { time: true, range: [from / 1_000, to / 1_000] },
      y: { range: (_plot, _min, max) => [0, top ?? Math.max(1, (max ?? 0) * 1.2)] },
    },
    axes: [
      {
        ...axis,
        size: 28,
        space: 70,
        values: (_plot, seconds) => seconds.map((at) => timeText(at * 1_000, to - from)),
      },
      { ...axis, size: 56, values: (_plot, all) => all.map(text), ...(top === 100 && { splits: () => [0, 50, 100] }) },
    ],
    series: [
      {},
      {
        stroke: colour("--accent"),
        width: 1.5,
        points: { show: alone.length > 0, size: 4, filter: () => alone },
        ...(fill && { fill: `${colour("--accent")}22` }),
        // A gap is a gap: nothing was heard.
        spanGaps: false,
      },
    ],
  };
}

const dayMs = 86_400_000;

/** As long as a day is shown by its hours, by them. */
function timeText(at: number, spanMs: number): string {
  const format: Intl.DateTimeFormatOptions =
    spanMs <= dayMs ? { hour: "2-digit", minute: "2-digit", hour12: false } : { month: "short", day: "numeric" };
  return new Intl.DateTimeFormat(undefined, format).format(at);
}
