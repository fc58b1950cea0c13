import type { WorkerTable } from "../store/tables.ts";
import { type Labels, parseLabels } from "./labels.ts";

/** How a worker is: heard of in time, late by two heartbeats, lost after three, ended by itself, or sent away. */
export type WorkerState = "online" | "late" | "lost" | "stopped" | "removed";

/** Where a worker is, by who says so; kept apart, for only a person's word is acted on (CAT-40). */
export interface WorkerAddresses {
  readonly reported: string | null;
  readonly observed: string | null;
  readonly configured: string | null;
}

/** What a worker says it can do: names of work types, and how many helpers it may have. */
export interface WorkerOffer {
  readonly capabilities: readonly string[];
  readonly helperSlots: number;
}

/** A worker as the server knows it. */
export interface Worker {
  readonly id: string;
  readonly name: string;
  readonly node: string;
  readonly mode: string;
  readonly version: string;
  readonly labels: Labels;
  readonly state: WorkerState;
  /** Why, in words, and since when. */
  readonly cause: string;
  readonly since: number;
  /** What it says is wrong with its work; known while it is there. */
  readonly trouble?: string;
  readonly epoch: number;
  readonly createdAt: number;
  /** Last heartbeat; behind the truth by some seconds. Null: none yet. */
  readonly seenAt: number | null;
  readonly machineId: string;
  readonly cloneable: boolean;
  readonly addresses: WorkerAddresses;
}

export function workerOf(row: WorkerTable): Worker {
  return {
    id: row.id,
    name: row.name,
    node: row.node,
    mode: row.mode,
    version: row.version,
    labels: parseLabels(row.labels),
    state: row.state as WorkerState,
    cause: row.cause,
    since: row.state_since,
    epoch: row.epoch,
    createdAt: row.created_at,
    seenAt: row.seen_at,
    machineId: row.machine_id,
    cloneable: row.cloneable === 1,
    addresses: {
      reported: row.reported_address,
      observed: row.observed_address,
      configured: row.configured_address,
    },
  };
}

/** The one address that may be dialled: what a person gave. Undefined: none, and nothing the worker says makes one. */
export function dialAddress({ addresses }: Pick<Worker, "addresses">): string | undefined {
  return addresses.configured ?? undefined;
}
