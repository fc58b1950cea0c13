import { checkedConnections } from "./connections.ts";
import { parseExactJson } from "./exact-json.ts";
import { decodeFarhandHello, type FarhandHello } from "./farhand-hello.ts";
import type { RoutingUpdate } from "./routing-update.ts";

/** An update in the one form that Receptor and Farhand write, of which nothing needs to be interpreted. */
export interface PlainUpdate {
  readonly update: RoutingUpdate;
  /** Length of the text up to the value of `ForwardingNode`, and behind it. */
  readonly beforeLength: number;
  readonly behindLength: number;
}

// Printable ASCII without quote and backslash: such a text is written as it is, and each character is one byte.
const text = '"([ !#-[\\]-~]{0,255})"';
const u64 = "(0|[1-9]\\d{0,18})";
const plain = new RegExp(
  `^\\{"NodeID":${text},"UpdateID":${text},"UpdateEpoch":${u64},"UpdateSequence":${u64},` +
    `"Connections":(\\{[ -z|~]*\\}),"ForwardingNode":${text}(,"SuspectedDuplicate":${u64}` +
    `(?:,"Farhand":(\\{[ -z|~]{1,200}\\}))?\\})$`,
);

/**
 * Read an update fast. Most of what a node does in a flood is reading updates, and the exact reader is ten times slower.
 *
 * @param json the message without its type byte.
 * @returns undefined for anything unusual, which the exact reader then judges.
 */
export function readPlainUpdate(json: string): PlainUpdate | undefined {
  const found = plain.exec(json);
  if (!found) return undefined;
  const [, nodeId = "", updateId = "", epoch = "", sequence = "", table = "", forwardingNode = "", behind = ""] = found;
  const connections = connectionsOf(table);
  if (!connections) return undefined;
  const update = {
    nodeId,
    updateId,
    updateEpoch: BigInt(epoch),
    updateSequence: BigInt(sequence),
    connections,
    forwardingNode,
    suspectedDuplicate: BigInt(found[8] ?? 0),
    farhand: found[9] === undefined ? undefined : helloOf(found[9]),
  };
  const beforeLength = json.length - behind.length - forwardingNode.length - '""'.length;
  return { update, beforeLength, behindLength: behind.length };
}

/** Most updates only say again what their node said before; then the table is the very same object. */
const tables = new Map<string, ReadonlyMap<string, number>>();
const maxTables = 8192;
const maxTableText = 2048;

function connectionsOf(json: string): ReadonlyMap<string, number> | undefined {
  const known = tables.get(json);
  if (known) return known;
  let parsed: Record<string, unknown>;
  try {
    parsed = JSON.parse(json) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const entries = Object.entries(parsed);
  const table = checkedConnections(entries, entries.length);
  if (json.length > maxTableText) return table;
  if (tables.size >= maxTables) tables.clear();
  tables.set(json, table);
  return table;
}

/** There are few different hellos, and each comes with every update of its node. */
const hellos = new Map<string, FarhandHello | undefined>();
const maxHellos = 64;

function helloOf(json: string): FarhandHello | undefined {
  if (hellos.has(json)) return hellos.get(json);
  const hello = decodeFarhandHello(parseExactJson(Buffer.from(json), 256));
  if (hellos.size >= maxHellos) hellos.clear();
  hellos.set(json, hello);
  return hello;
}
