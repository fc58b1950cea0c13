import { checkedConnections } from "./connections.ts";
import { parseExactJson } from "./exact-json.ts";
import { decodeFarhandHello, type FarhandHello } from "./farhand-hello.ts";

/** An update in the one form that Receptor and Farhand write, of which nothing needs to be interpreted. */
export interface PlainUpdate {
  readonly nodeId: string;
  readonly updateId: string;
  readonly updateEpoch: bigint;
  readonly updateSequence: bigint;
  readonly connections: ReadonlyMap<string, number>;
  readonly forwardingNode: string;
  readonly suspectedDuplicate: bigint;
  readonly farhand: FarhandHello | undefined;
  /** The text before and behind the value of `ForwardingNode`. */
  readonly before: string;
  readonly behind: string;
}

// Printable ASCII without quote and backslash: such a text is written as it is, and each character is one byte.
const text = '"([ !#-[\\]-~]{0,255})"';
const u64 = "(0|[1-9]\\d{0,18})";
const plain = new RegExp(
  `^\\{"NodeID":${text},"UpdateID":${text},"UpdateEpoch":${u64},"UpdateSequence":${u64},` +
    `"Connections":(\\{[ -z|~]*\\}),"ForwardingNode":${text},"SuspectedDuplicate":${u64}` +
    `(?:,"Farhand":(\\{[ -z|~]{1,200}\\}))?\\}$`,
);
const head = new RegExp(`^\\{"NodeID":${text},"UpdateID":${text},`);

/** Longest start of a message that {@link head} needs. */
const headBytes = 600;

/**
 * Read an update fast. Most of what a node does in a flood is reading updates, and the exact reader is ten times slower.
 *
 * @param json the message without its type byte.
 * @returns undefined for anything unusual, which the exact reader then judges.
 */
export function readPlainUpdate(json: string): PlainUpdate | undefined {
  const found = plain.exec(json);
  if (!found) return undefined;
  const [, nodeId = "", updateId = "", epoch = "", sequence = "", connections = "", from = "", duplicate = ""] = found;
  const tail = `,"SuspectedDuplicate":${duplicate}${found[8] === undefined ? "" : `,"Farhand":${found[8]}`}}`;
  const table = connectionsOf(connections);
  return (
    table && {
      nodeId,
      updateId,
      updateEpoch: BigInt(epoch),
      updateSequence: BigInt(sequence),
      connections: table,
      forwardingNode: from,
      suspectedDuplicate: BigInt(duplicate),
      farhand: found[8] === undefined ? undefined : helloOf(found[8]),
      before: json.slice(0, json.length - tail.length - from.length - 2),
      behind: tail,
    }
  );
}

/** Origin and id of an update, without reading the rest: enough to know one that came already. */
export function peekUpdate(message: Uint8Array): { readonly nodeId: string; readonly updateId: string } | undefined {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.length);
  const found = head.exec(bytes.toString("latin1", 1, Math.min(bytes.length, headBytes)));
  return found ? { nodeId: found[1] ?? "", updateId: found[2] ?? "" } : undefined;
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
