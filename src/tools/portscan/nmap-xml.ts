import { XMLParser } from "fast-xml-parser";
import { fewPorts, type HostLine, type PortLine, type PortState, type ScanLine } from "./result.ts";

/** One element or many: always a list. Values stay text. No entities but XML's own: there is no document type here. */
const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "",
  parseAttributeValue: false,
  parseTagValue: false,
  isArray: (name) => ["address", "port", "extraports", "osmatch"].includes(name),
});

/** An element of nmap's XML: attributes and children by name, nothing of which is sure to be there. */
type Element = Readonly<Record<string, unknown>>;

/**
 * The lines of one element of `nmap -oX -`: a host with its ports, or how far it is.
 *
 * @param asked how many ports were asked for.
 */
export function readNmapElement(xml: string, asked: number): ScanLine[] {
  let root: Element;
  try {
    root = parser.parse(xml) as Element;
  } catch {
    return [];
  }
  if (root["host"] !== undefined) return hostLines(elementOf(root["host"]), asked);
  const progress = elementOf(root["taskprogress"]);
  const percent = Number(progress["percent"] ?? Number.NaN);
  if (!(percent >= 0 && percent <= 100)) return [];
  return [{ type: "progress", percent, part: textOf(progress["task"]) }];
}

function hostLines(host: Element, asked: number): ScanLine[] {
  const address = listOf(host["address"]).find(({ addrtype }) => addrtype === "ipv4" || addrtype === "ipv6")?.["addr"];
  if (typeof address !== "string") return [];
  const ports = elementOf(host["ports"]);
  const found = listOf(ports["port"]).flatMap((port) => portLine(port, address) ?? []);
  const counts = { open: 0, closed: 0, filtered: 0 };
  for (const { state } of found) counts[state]++;
  for (const extra of listOf(ports["extraports"])) counts[stateOf(extra["state"])] += Number(extra["count"] ?? 0) || 0;
  const state = elementOf(host["status"])["state"] === "up" ? "up" : "down";
  const systems = listOf(elementOf(host["os"])["osmatch"]).slice(0, 3);
  const line: HostLine = {
    ...{ type: "host", address, state, ...counts },
    ...(systems.length > 0 && {
      systems: systems.map(({ name, accuracy }) => ({ name: textOf(name), accuracy: Number(accuracy) || 0 })),
    }),
  };
  return [...found.filter(({ state }) => state === "open" || asked <= fewPorts), line];
}

function portLine(port: Element, address: string): PortLine | undefined {
  const number = Number(port["portid"]);
  if (!Number.isInteger(number) || port["protocol"] !== "tcp") return undefined;
  const state = stateOf(elementOf(port["state"])["state"]);
  const service = elementOf(port["service"]);
  return {
    ...{ type: "port", address, port: number, protocol: "tcp", state },
    ...(typeof service["name"] === "string" && {
      service: {
        name: textOf(service["name"]),
        ...(service["product"] !== undefined && { product: textOf(service["product"]) }),
        ...(service["version"] !== undefined && { version: textOf(service["version"]) }),
        guessed: service["method"] !== "probed",
      },
    }),
  };
}

/** nmap's `open|filtered` and `unfiltered` are neither one nor the other: nobody has answered as an open port does. */
function stateOf(state: unknown): PortState {
  return state === "open" || state === "closed" ? state : "filtered";
}

function elementOf(value: unknown): Element {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Element) : {};
}

function listOf(value: unknown): Element[] {
  return (Array.isArray(value) ? value : []).map(elementOf);
}

/** Text of a stranger's service: no longer than a line, without what would steer a terminal. */
function textOf(value: unknown): string {
  return typeof value === "string" ? value.replaceAll(/\p{C}+/gu, " ").slice(0, 200) : "";
}
