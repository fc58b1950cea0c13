import type { Colours } from "../colours.ts";
import { oneLine, readableTime } from "../quantities.ts";
import { type Cell, tableLines } from "../table.ts";
import { numberOf, objectIn, type Shape, stringOf } from "./shapes.ts";

interface Look {
  readonly colours: Colours;
  readonly columns: number | undefined;
}

/** Names and versions, as a table. */
export function configsTable(configs: readonly Shape[], { colours, columns }: Look): string[] {
  return table(
    ["NAME", "VERSION", "WRITTEN", "BY", "COMMENT"],
    configs.map((config) => [
      plain(config["name"]),
      plain(config["version"]),
      timeText(config["createdAt"]),
      authorText(config),
      plain(config["comment"]),
    ]),
    { colours, columns },
  );
}

/** The versions of one configuration, the newest first, each with what it changed. */
export function historyLines(versions: readonly Shape[], { colours }: Look): string[] {
  return versions.flatMap((version) => {
    const { changes } = version;
    const comment = plain(version["comment"]);
    const head = `version ${plain(version["version"])}  ${timeText(version["createdAt"])}  ${authorText(version)}`;
    const lines = Array.isArray(changes) ? changes.map((change) => changeLine(objectIn(change), colours)) : [];
    return [colours.strong(head) + (comment === "-" ? "" : `  ${comment}`), ...lines.map((line) => `  ${line}`)];
  });
}

/** The user's name; the id of one who is gone. */
function authorText({ author, authorName }: Shape): string {
  return plain(authorName ?? author);
}

/** Differences, a line each. */
export function changeLines(changes: readonly Shape[], colours: Colours): string[] {
  return changes.map((change) => changeLine(change, colours));
}

/** One difference: `/log/level: "info" → "debug"`. */
function changeLine(change: Shape, colours: Colours): string {
  const { path, before, after } = change;
  const place = stringOf(path) || "/";
  if (before === undefined) return colours.good(`+ ${oneLine(place)}: ${shown(after)}`);
  if (after === undefined) return colours.bad(`- ${oneLine(place)}: ${shown(before)}`);
  return `${oneLine(place)}: ${colours.bad(shown(before))} → ${colours.good(shown(after))}`;
}

/**
 * What others and you have made of the same document (CAT-72): places where both changed something come first, each with
 * what it was, what is there now, and what you wrote.
 */
export function conflictLines(changes: readonly Shape[], colours: Colours): string[] {
  const conflicts = changes.filter(({ conflict }) => conflict === true);
  const theirs = changes.filter((change) => change["conflict"] !== true && differs(change, "theirs"));
  const yours = changes.filter((change) => change["conflict"] !== true && !differs(change, "theirs"));
  return [
    ...conflicts.flatMap((change) => [
      colours.strong(`both changed ${placeOf(change)}`),
      `  was    ${shown(change["base"])}`,
      `  theirs ${colours.bad(shown(change["theirs"]))}`,
      `  yours  ${colours.good(shown(change["yours"]))}`,
    ]),
    ...theirs.map((change) => `theirs ${changeLine({ ...change, ...fromTo(change, "theirs") }, colours)}`),
    ...yours.map((change) => `yours  ${changeLine({ ...change, ...fromTo(change, "yours") }, colours)}`),
  ];
}

function differs(change: Shape, side: "theirs" | "yours"): boolean {
  return JSON.stringify(change["base"]) !== JSON.stringify(change[side]);
}

function fromTo(change: Shape, side: "theirs" | "yours"): Shape {
  return { before: change["base"], after: change[side] };
}

function placeOf({ path }: Shape): string {
  return oneLine(stringOf(path) || "/");
}

/** JSON of it on one line, cut where it is long; `nothing` where there is none. */
function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = oneLine(JSON.stringify(value));
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}

/** Rows under a faint heading. */
export function table(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  { colours, columns }: Look,
): string[] {
  const cells = (row: readonly string[], mark?: (text: string) => string): Cell[] =>
    row.map((text) => ({ text, mark }));
  return tableLines([cells(heading, colours.faint), ...rows.map((row) => cells(row))], columns);
}

/** A text or number for one cell; `-` where there is nothing. */
export function plain(value: unknown): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  return oneLine(typeof value === "string" || typeof value === "number" ? String(value) : "") || "-";
}

/** Local time of milliseconds since 1970; `-` where there is none. */
export function timeText(value: unknown): string {
  const ms = numberOf(value);
  return ms === undefined || Math.abs(ms) > 8.64e15 ? "-" : readableTime(new Date(ms).toISOString());
}
