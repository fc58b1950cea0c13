import type { JsonObject } from "#control";
import type { Colours } from "./colours.ts";
import { CliError } from "./errors.ts";
import { oneLine, readableDuration, readableTime } from "./quantities.ts";
import { type Cell, tableLines } from "./table.ts";

/** What `farhand status` asks for: Receptor's keys, and what only a Farhand node tells. */
export const statusFields: readonly string[] = [
  ...["Version", "SystemCPUCount", "SystemMemoryMiB", "NodeID"],
  ...["Connections", "RoutingTable", "Advertisements", "KnownConnectionCosts", "Certificates", "Roads"],
];

/** `status` for people (spec §1.5). What the node does not say is left out. `now`: milliseconds since 1970. */
export function nodeLines(status: JsonObject, colours: Colours, now: number): string[] {
  const facts: (readonly [string, string])[] = [
    ["node", colours.strong(text(status["NodeID"]))],
    ["version", text(status["Version"])],
    ["machine", `${text(status["SystemCPUCount"])} CPUs, ${text(status["SystemMemoryMiB"])} MiB of memory`],
    ["mesh", meshText(status)],
  ];
  return [
    ...facts.map(([name, value]) => `${colours.faint(name.padEnd(9))} ${value}`),
    ...section("roads", roadRows(status["Roads"]), colours),
    ...section("links", linkRows(status["Connections"]), colours),
    ...section("routes", routeRows(status["RoutingTable"]), colours),
    ...section("services", serviceRows(status["Advertisements"]), colours),
    ...section("work types", workTypeRows(status["Advertisements"]), colours),
    ...section("certificates", certificateRows(status["Certificates"], now), colours),
  ];
}

function section(title: string, rows: readonly string[][], colours: Colours): string[] {
  if (rows.length === 0) return [];
  const cells = rows.map((row) => [{ text: "" }, ...row.map((text): Cell => ({ text }))]);
  return ["", colours.faint(title), ...tableLines(cells)];
}

function meshText(status: JsonObject): string {
  const links = objects(status["Connections"]).length;
  const nodes = Object.keys(status["RoutingTable"] ?? {}).length;
  if (links === 0) return "no links";
  return `${links} ${links === 1 ? "link" : "links"}, ${nodes} ${nodes === 1 ? "node" : "nodes"} in reach`;
}

function roadRows(roads: unknown): string[][] {
  return objects(roads).map((road) => {
    const sessions = Number(road["Sessions"]);
    const addresses = Array.isArray(road["Addresses"]) ? (road["Addresses"] as unknown[]).map(text) : [];
    const use = `${sessions} ${sessions === 1 ? "connection" : "connections"}`;
    return [text(road["Road"]), addresses.join(", "), road["Problem"] === undefined ? use : text(road["Problem"])];
  });
}

function linkRows(connections: unknown): string[][] {
  return objects(connections).map((link) => [text(link["NodeID"]), `cost ${text(link["Cost"])}`]);
}

const kinds: Readonly<Record<string, string>> = { 0: "datagrams", 1: "streams", 2: "streams with TLS" };

function serviceRows(advertisements: unknown): string[][] {
  return objects(advertisements).map((ad) => {
    const { type = "", ...about } = (ad["Tags"] ?? {}) as JsonObject;
    const more = Object.values(about).map(text).join(" ");
    return [text(ad["Service"]), text(ad["NodeID"]), kinds[text(ad["ConnType"])] ?? "", `${text(type)} ${more}`.trim()];
  });
}

function workTypeRows(advertisements: unknown): string[][] {
  const rows = objects(advertisements).flatMap((ad) =>
    objects(ad["WorkCommands"]).map((type) => [
      text(type["WorkType"]),
      text(ad["NodeID"]),
      type["Secure"] === true ? "signed work only" : "",
    ]),
  );
  // Each control service of a node advertises all of its types.
  return [...new Map(rows.map((row) => [row.join("\n"), row])).values()];
}

function routeRows(table: unknown): string[][] {
  return Object.entries((table ?? {}) as JsonObject).map(([node, next]) => [oneLine(node), `by ${text(next)}`]);
}

function certificateRows(certificates: unknown, now: number): string[][] {
  return objects(certificates).map((one) => {
    const end = text(one["NotAfter"]);
    return [text(one["Profile"]), text(one["Kind"]), readableTime(end), timeLeft(Date.parse(end) - now)];
  });
}

function timeLeft(ms: number): string {
  return ms > 0 ? `${readableDuration(ms / 1000)} left` : "has expired";
}

/** One reply of `ping` (spec §1.3). */
export function pingLine(reply: JsonObject): string {
  if (reply["Success"] === true) return `reply from ${text(reply["From"])} in ${text(reply["TimeStr"])}`;
  return `no reply: ${text(reply["Error"])}`;
}

/** The reply of `traceroute` (spec §1.4): a line for each hop, and why the last one was not the target. */
export function hopLines(hops: JsonObject): { lines: string[]; fault: string | undefined } {
  const entries = Object.entries(hops)
    .map(([hop, value]) => [Number(hop), (value ?? {}) as JsonObject] as const)
    .sort(([a], [b]) => a - b);
  const lines = entries.map(([hop, value]) => {
    const error = value["Error"] === undefined ? "" : `  ${text(value["Error"])}`;
    return `${String(hop).padStart(2)}  ${text(value["From"])}  ${text(value["TimeStr"])}${error}`;
  });
  const last = entries.at(-1)?.[1];
  const fault = last ? last["Error"] : "no hop answered";
  return { lines, fault: fault === undefined ? undefined : text(fault) };
}

/** What a reply of `reload` complains of (spec §1.7); exit codes are receptorctl's. */
export function reloadFault(reply: JsonObject): CliError | undefined {
  if (reply["Success"] === true) return undefined;
  const message = text(reply["Error"] ?? "the worker did not say why");
  const plain = message.replace(/\s*ERRORCODE \d+\s*$/, "");
  if (/ERRORCODE 3\b/.test(message)) return new CliError("RELOAD_RESTART", plain, { remedy: "restart the worker" });
  if (/ERRORCODE 4\b/.test(message)) {
    const hasFile = !plain.startsWith("no configuration file");
    const remedy = hasFile ? "`farhand config check FILE`" : "start the worker with -c FILE to have one it can reload";
    return new CliError("RELOAD_INVALID", plain, { remedy });
  }
  return new CliError("RELOAD_FAILED", plain);
}

/** A number of an option that is not negative. */
export function numberIn(given: string, option: string): number {
  const value = Number(given);
  if (given.trim() !== "" && Number.isFinite(value) && value >= 0) return value;
  throw new CliError("USAGE", `${option} ${given} is no number`, { remedy: `${option} 1, for example` });
}

function objects(value: unknown): JsonObject[] {
  return Array.isArray(value)
    ? (value as unknown[]).filter((item): item is JsonObject => typeof item === "object" && item !== null)
    : [];
}

function text(value: unknown): string {
  return oneLine(typeof value === "string" ? value : JSON.stringify(value ?? "?"));
}
