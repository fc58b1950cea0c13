import { checkedConnections } from "./connections.ts";
import { parseExactJson, writeExactJson } from "./exact-json.ts";
import { decodeFarhandHello, encodeFarhandHello, type FarhandHello } from "./farhand-hello.ts";
import { fieldNames, JsonFields } from "./json-fields.ts";
import { invalidPacket, messageType } from "./message-types.ts";
import { copyWrittenUpdate, readWrittenUpdate, type ReceivedUpdate, type UpdateHead } from "./written-updates.ts";

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
  const { update, forwardingNode } = receiveRoutingUpdate(message);
  return withForwardingNode(update, forwardingNode);
}

/**
 * As {@link decodeRoutingUpdate}, for who keeps the update and not who handed it on.
 *
 * @param head what `peekUpdate` gave, for who has asked already.
 */
export function receiveRoutingUpdate(message: Uint8Array, head?: UpdateHead): ReceivedUpdate {
  if (message[0] !== messageType.routing) throw invalidPacket("the message is no routing update");
  const written = message.length <= maxUpdateBytes ? readWrittenUpdate(message, head) : undefined;
  if (written) return written;
  const read = new JsonFields(parseExactJson(message.subarray(1), maxUpdateBytes), fields);
  const farhand = decodeFarhandHello(read.any("Farhand"));
  const forwardingNode = read.text("ForwardingNode");
  const update = {
    nodeId: read.text("NodeID"),
    updateId: read.text("UpdateID"),
    updateEpoch: read.u64("UpdateEpoch"),
    updateSequence: read.u64("UpdateSequence"),
    connections: decodeConnections(read),
    forwardingNode,
    suspectedDuplicate: read.u64("SuspectedDuplicate"),
    ...(farhand && { farhand }),
  };
  return { update, forwardingNode };
}

/**
 * The bytes of an update, its type byte included. They are as long as the connections are many.
 *
 * @param forwardingNode who puts it on the link; every other field stays as it came, to the last bit.
 */
export function encodeRoutingUpdate(update: RoutingUpdate, forwardingNode = update.forwardingNode): Uint8Array {
  const copied = copyWrittenUpdate(update, forwardingNode);
  if (copied) return copied;
  const json = writeExactJson({
    NodeID: update.nodeId,
    UpdateID: update.updateId,
    UpdateEpoch: update.updateEpoch,
    UpdateSequence: update.updateSequence,
    Connections: update.connections,
    ForwardingNode: forwardingNode,
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
