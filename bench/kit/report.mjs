import { short } from "./figures.mjs";

/**
 * Print one table: a row for each figure, a column for each side, and the ratios between sides.
 *
 * A figure is `{ name, unit, floor, farhand, receptor, goal }`; the sides are numbers, a missing one is left empty.
 * `goal` is `{ text, met }`, with `met` telling from the figure whether it is reached.
 */
export function printReport(title, figures) {
  const withPeer = figures.some(({ receptor }) => receptor !== undefined);
  const peerHeads = withPeer ? ["Receptor", "Farhand/Receptor"] : [];
  const heads = ["figure", "floor", "Farhand", "Farhand/floor", ...peerHeads, "goal", ""];
  const rows = figures.map((figure) => rowOf(figure, withPeer));
  console.log(`\n${title}`);
  for (const row of aligned([heads, ...rows])) console.log(`  ${row}`);
}

function rowOf({ name, unit, floor, farhand, receptor, goal }, withPeer) {
  const peer = [receptor === undefined ? "" : short(receptor), ratio(farhand, receptor)];
  const verdict = goal === undefined ? "" : goal.met ? "met" : "MISSED";
  const sides = [floor === undefined ? "" : short(floor), short(farhand), ratio(farhand, floor)];
  return [`${name}, ${unit}`, ...sides, ...(withPeer ? peer : []), goal?.text ?? "", verdict];
}

function ratio(ours, theirs) {
  return theirs === undefined ? "" : `${short(ours / theirs)} ×`;
}

function aligned(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const isText = (column) => column === 0 || column >= widths.length - 2;
  return rows.map((row) =>
    row
      .map((cell, column) => (isText(column) ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join("  ")
      .trimEnd(),
  );
}
