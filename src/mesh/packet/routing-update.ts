import { checkedConnections } from "./connections.ts";
import { parseExactJson, writeExactJson } from "./exact-json.ts";
import { decodeFarhandHello, encodeFarhandHello, type FarhandHello } from "./farhand-hello.ts";
import { fieldNames, JsonFields } from "./json-fields.ts";
import { invalidPacket, messageType } from "./message-types.ts";
import { type PlainUpdate, readPlainUpdate } from "./plain-update.ts";

/** A node's view of its own links, flooded through the mesh (spec §3.6). */
export interface RoutingUpdate {
  /** Origin of the update. May be empty, which only {@link forwardingNode} can then be taken from. */
  readonly nodeId: string;
  /** Random and unique per update; 8 letters and digits when we make it. */
  readonly updateId: string;
  /** u64, fixed for a run of the origin: `unixSeconds * 2^24 + random24`. */
  readonly updateEpoch: bigint;
  /** u64, grows with every update of the origin. */
  readonly updateSequence: bigint;
  /** The origin's direct peers and what the link costs: finite and above 0. */
  readonly connections: ReadonlyMap<string, number>;
  /** The node that put the update on this link. */
  readonly forwardingNode: string;
  /** u64; the epoch of a node that has the origin's id too, else 0. */
  readonly suspectedDuplicate: bigint;
  /** What the origin, a Farhand node, offers. It stays when Farhand nodes pass the update on; Receptor drops it. */
  readonly farhand?: FarhandHello | undefined;
  /** The text around `ForwardingNode` as it came, so that passing it on writes nothing anew. */
  readonly written?: { readonly before: string; readonly behind: string } | undefined;
}

const maxUpdateBytes = 1024 * 1024;

const typeByte = String.fromCharCode(messageType.routing);

const fields = fieldNames(
  "NodeID",
  "UpdateID",
  "UpdateEpoch",
  "UpdateSequence",
  "Connections",
  "ForwardingNode",
  "SuspectedDuplicate",
  "Farhand",
);

/**
 * A message of type 1, its type byte included. Up to 1 MiB, 10,000 connections and ids of 255 bytes.
 *
 * @throws {MeshError} `PACKET_INVALID`.
 */
export function decodeRoutingUpdate(message: Uint8Array): RoutingUpdate {
  if (message[0] !== messageType.routing) throw invalidPacket("the message is no routing update");
  const plain = message.length <= maxUpdateBytes ? readPlainUpdate(latin1(message)) : undefined;
  if (plain) return updateOf(plain);
  const read = new JsonFields(parseExactJson(message.subarray(1), maxUpdateBytes), fields);
  const farhand = decodeFarhandHello(read.any("Farhand"));
  return {
    nodeId: read.text("NodeID"),
    updateId: read.text("UpdateID"),
    updateEpoch: read.u64("UpdateEpoch"),
    updateSequence: read.u64("UpdateSequence"),
    connections: decodeConnections(read),
    forwardingNode: read.text("ForwardingNode"),
    suspectedDuplicate: read.u64("SuspectedDuplicate"),
    ...(farhand && { farhand }),
  };
}

/** Spelled out field by field, because this is where a flood spends its time. */
function updateOf(plain: PlainUpdate): RoutingUpdate {
  return {
    nodeId: plain.nodeId,
    updateId: plain.updateId,
    updateEpoch: plain.updateEpoch,
    updateSequence: plain.updateSequence,
    connections: plain.connections,
    forwardingNode: plain.forwardingNode,
    suspectedDuplicate: plain.suspectedDuplicate,
    farhand: plain.farhand,
    written: { before: plain.before, behind: plain.behind },
  };
}

/** For plain updates only, which are ASCII. */
function latin1(message: Uint8Array): string {
  return Buffer.from(message.buffer, message.byteOffset, message.length).toString("latin1", 1);
}

/** The bytes of an update, its type byte included. They are as long as the connections are many. */
export function encodeRoutingUpdate(update: RoutingUpdate): Uint8Array {
  const { written } = update;
  if (written) return Buffer.from(typeByte + written.before + JSON.stringify(update.forwardingNode) + written.behind);
  const json = writeExactJson({
    NodeID: update.nodeId,
    UpdateID: update.updateId,
    UpdateEpoch: update.updateEpoch,
    UpdateSequence: update.updateSequence,
    Connections: update.connections,
    ForwardingNode: update.forwardingNode,
    SuspectedDuplicate: update.suspectedDuplicate,
    Farhand: update.farhand && encodeFarhandHello(update.farhand),
  });
  return Buffer.from(typeByte + json);
}

/** The update as this node passes it on; every other field stays as it came, to the last bit. */
export function withForwardingNode(update: RoutingUpdate, nodeId: string): RoutingUpdate {
  return { ...update, forwardingNode: nodeId };
}

/** A Go map that was never made is written as null: no connections. */
function decodeConnections(read: JsonFields<"Connections">): ReadonlyMap<string, number> {
  const listed = read.object("Connections");
  return checkedConnections(listed ?? [], listed?.size ?? 0);
}
