import { invalidPacket } from "./message-types.ts";
import { isNodeId } from "./node-names.ts";

const maxConnections = 10_000;

/** A node's neighbours and costs as they were read, or a fault: at most 10,000, each cost finite and above 0. */
export function checkedConnections(listed: Iterable<[string, unknown]>, count: number): ReadonlyMap<string, number> {
  if (count > maxConnections) throw invalidPacket(`more than ${maxConnections} connections`);
  const connections = new Map<string, number>();
  for (const [nodeId, value] of listed) {
    const cost = typeof value === "number" || typeof value === "bigint" ? Number(value) : Number.NaN;
    if (!isNodeId(nodeId) || !Number.isFinite(cost) || cost <= 0) throw invalidPacket("a connection is not valid");
    connections.set(nodeId, cost);
  }
  return connections;
}
