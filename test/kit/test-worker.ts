import { randomBytes, randomUUID } from "node:crypto";
import type { Labels } from "../../src/server/registry/labels.ts";
import type { Store } from "../../src/server/store/store.ts";
import { insertWorker } from "../../src/server/store/workers.ts";

/** A row of a worker that nobody is. @returns its id. */
export async function insertTestWorker(store: Store, name: string, labels: Labels = {}): Promise<string> {
  const id = `w-${randomBytes(6).toString("hex")}`;
  await insertWorker(store.db, {
    id,
    name,
    node: `node-${name}`,
    public_key: randomUUID(),
    machine_id: `machine-${name}`,
    instance: null,
    mode: "system",
    version: "0.1.0",
    labels: JSON.stringify(labels),
    state: "online",
    cause: "registered",
    state_since: 1,
    epoch: 1,
    created_at: 1,
    seen_at: null,
    reported_address: "10.9.8.7",
    observed_address: "10.9.8.7",
    configured_address: null,
    cloneable: 0,
    enrolment_id: "e",
  });
  return id;
}
