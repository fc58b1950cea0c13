import { includesLevel, type Level } from "#fleet";
import type { PresenceState } from "../registry/presence.ts";
import type { Worker, WorkerOffer } from "../registry/worker.ts";

/**
 * A worker as a caller of this level may see it (CAT-46): no address, key or machine for anybody below admin. Where it is
 * connected to this server, its presence knows its state before the database does.
 */
export function workerView(worker: Worker, level: Level, presence?: PresenceState, offer?: WorkerOffer) {
  const { id, name, seenAt, mode, version, labels } = worker;
  const { state, cause, since, trouble } = presence ?? worker;
  const { node, machineId, epoch, cloneable, addresses } = worker;
  const forAdmins = includesLevel(level, "admin") ? { node, machineId, epoch, cloneable, addresses } : {};
  const offers = offer ? { capabilities: [...offer.capabilities], helperSlots: offer.helperSlots } : {};
  const said = trouble !== undefined && includesLevel(level, "monitor") ? { trouble } : {};
  const seen = { id, name, state, cause, since, seenAt, mode, version, labels: { ...labels }, level };
  return { ...seen, ...said, ...offers, ...forAdmins };
}
