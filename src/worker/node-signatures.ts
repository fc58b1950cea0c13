import { join } from "node:path";
import type { Log } from "#core";
import { openSignatures, type WorkSignatures } from "#work";
import { type Directive, directivesOf, type NodeSettings } from "./settings/mod.ts";

/** What signs work for other nodes (spec §2.8). Key files are read when they are used. */
export function openSigning(directives: readonly Directive[], node: NodeSettings, log: Log): Promise<WorkSignatures> {
  const values = directivesOf(directives, "work-signing")[0]?.values;
  const signing = values && {
    privateKey: values.privatekey,
    orderKey: values.orderkey,
    expirationMs: values.tokenexpiration,
  };
  return openSignatures({ nodeId: node.nodeId, stateDir: stateDir(node), signing, log });
}

/**
 * What verifies work for this node. It writes down orders that were used, so the data folder must be locked by then: two
 * daemons over one record would each forget what the other took.
 *
 * @throws {WorkError} `STORAGE_FAILED`
 */
export function openVerification(
  directives: readonly Directive[],
  node: NodeSettings,
  log: Log,
): Promise<WorkSignatures> {
  const values = directivesOf(directives, "work-verification")[0]?.values;
  const verification = values && {
    publicKey: values.publickey,
    orderKeys: values.orderkeys,
    revoked: values.revoked,
    requireOrder: values.requireorder,
  };
  return openSignatures({ nodeId: node.nodeId, stateDir: stateDir(node), verification, log });
}

function stateDir({ nodeId, dataDir }: NodeSettings): string {
  return join(dataDir, ".farhand", nodeId, "orders");
}
