import { messageType } from "./message-types.ts";
import { readPlainUpdate } from "./plain-update.ts";
import type { RoutingUpdate } from "./routing-update.ts";

/**
 * Updates as they were written, remembered for a while. In a flood the same update comes over several links and goes out
 * over others, with nothing changed but the node that hands it on: then it is compared and copied instead of being read
 * and written. Nodes of one process, as in the simulator, remember together.
 */
const recent = new Map<number, Written>();
const maxRecent = 4096;
/** Longer updates are not worth the memory. */
const maxBytes = 4096;

/** Origin and id of an update. */
export interface UpdateHead {
  readonly nodeId: string;
  readonly updateId: string;
}

/** An update as it came: of the message it is not part of the update who handed it on. */
export interface ReceivedUpdate {
  /** Who has read the update before may have got the very same object. Its forwarding node is that of the first message. */
  readonly update: RoutingUpdate;
  readonly forwardingNode: string;
}

interface Written extends UpdateHead {
  readonly update: RoutingUpdate;
  /** The message up to the value of `ForwardingNode`, and behind it. */
  readonly before: Uint8Array;
  readonly behind: Uint8Array;
}

const nodeKey = Buffer.from(`${String.fromCharCode(messageType.routing)}{"NodeID":"`);
const idKey = Buffer.from('","UpdateID":"');
const quote = 0x22;
const backslash = 0x5c;
const maxTextBytes = 255;

/** Origin and id of an update in the plain form, without reading the rest: enough to know one that came already. */
export function peekUpdate(message: Uint8Array): UpdateHead | undefined {
  if (!holds(message, 0, nodeKey)) return undefined;
  const nodeEnd = textEnd(message, nodeKey.length);
  if (nodeEnd < 0 || !holds(message, nodeEnd, idKey)) return undefined;
  const idStart = nodeEnd + idKey.length;
  const idEnd = textEnd(message, idStart);
  if (idEnd < 0) return undefined;
  const known = recent.get(keyOf(message, idStart, idEnd));
  // What stands before the two texts has been looked at.
  if (known && agree(message, known.before, nodeKey.length, idEnd)) return known;
  return { nodeId: textAt(message, nodeKey.length, nodeEnd), updateId: textAt(message, idStart, idEnd) };
}

/**
 * Read an update in the plain form, or give undefined: it has another.
 *
 * @param message with its type byte.
 * @param head what {@link peekUpdate} gave, for who has asked already.
 */
export function readWrittenUpdate(message: Uint8Array, head = peekUpdate(message)): ReceivedUpdate | undefined {
  if (!head) return undefined;
  const known = head as UpdateHead & Partial<Written>;
  const forwardingNode = known.before ? forwarderIn(message, known as Written) : undefined;
  if (forwardingNode !== undefined) return { update: (known as Written).update, forwardingNode };
  const bytes = bufferOf(message);
  const found = readPlainUpdate(bytes.toString("latin1", 1));
  if (found && bytes.length <= maxBytes) {
    // A copy: the message may be a small part of memory that would stay as long as this.
    const before = Buffer.from(bytes.subarray(0, 1 + found.beforeLength));
    const behind = Buffer.from(bytes.subarray(bytes.length - found.behindLength));
    const { nodeId, updateId } = found.update;
    remember({ nodeId, updateId, update: found.update, before, behind });
  }
  return found && { update: found.update, forwardingNode: found.update.forwardingNode };
}

/** The message of an update that was read before, or undefined: it has to be written. */
export function copyWrittenUpdate(update: RoutingUpdate, forwardingNode: string): Uint8Array | undefined {
  const known = recent.get(keyOfText(update.updateId));
  if (!known || (known.update !== update && !isSame(known.update, update))) return undefined;
  const { before, behind } = known;
  const name = JSON.stringify(forwardingNode);
  const nameBytes = Buffer.byteLength(name);
  const message = Buffer.allocUnsafe(before.length + nameBytes + behind.length);
  message.set(before);
  message.write(name, before.length);
  message.set(behind, before.length + nameBytes);
  return message;
}

function remember(written: Written): void {
  if (recent.size >= maxRecent) recent.clear();
  recent.set(keyOfText(written.updateId), written);
}

/** All but the forwarding node; texts and tables that differ are other objects only when they were read anew. */
function isSame(a: RoutingUpdate, b: RoutingUpdate): boolean {
  return (
    a.connections === b.connections &&
    a.nodeId === b.nodeId &&
    a.updateId === b.updateId &&
    a.updateEpoch === b.updateEpoch &&
    a.updateSequence === b.updateSequence &&
    a.suspectedDuplicate === b.suspectedDuplicate &&
    a.farhand === b.farhand
  );
}

/** The forwarding node of a message that otherwise is what was written, or undefined: it is not. */
function forwarderIn(message: Uint8Array, { before, behind }: Written): string | undefined {
  const start = before.length + 1;
  const end = message.length - behind.length - 1;
  if (end < start || message[start - 1] !== quote || textEnd(message, start) !== end) return undefined;
  if (!holds(message, 0, before) || !holds(message, end + 1, behind)) return undefined;
  return textAt(message, start, end);
}

/** Where a text ends that is written as it is (printable ASCII without escapes), or -1. */
function textEnd(message: Uint8Array, start: number): number {
  const last = Math.min(message.length, start + maxTextBytes + 1);
  for (let at = start; at < last; at++) {
    const byte = message[at] as number;
    if (byte === quote) return at;
    if (byte < 0x20 || byte > 0x7e || byte === backslash) return -1;
  }
  return -1;
}

function agree(a: Uint8Array, b: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (a[at] !== b[at]) return false;
  return true;
}

function holds(message: Uint8Array, offset: number, part: Uint8Array, length = part.length): boolean {
  if (message.length < offset + length || part.length < length) return false;
  for (let at = 0; at < length; at++) if (message[offset + at] !== part[at]) return false;
  return true;
}

function textAt(message: Uint8Array, start: number, end: number): string {
  return bufferOf(message).toString("latin1", start, end);
}

function bufferOf(message: Uint8Array): Buffer {
  return Buffer.isBuffer(message) ? message : Buffer.from(message.buffer, message.byteOffset, message.length);
}

/** A number for an update id. Ids with the same one take each other's place; who looks one up compares the whole. */
function keyOf(message: Uint8Array, start: number, end: number): number {
  let key = 0;
  for (let at = start; at < end; at++) key = nextKey(key, message[at] as number);
  return key;
}

function keyOfText(updateId: string): number {
  let key = 0;
  for (let at = 0; at < updateId.length; at++) key = nextKey(key, updateId.charCodeAt(at));
  return key;
}

// 31 bits: a small integer to the engine.
function nextKey(key: number, code: number): number {
  return (Math.imul(key, 0x01000193) ^ code) & 0x3fffffff;
}
