/**
 * What the API tells its clients, as shapes without I/O: the pages in `web/` are typed by it. `wire.test.ts` holds each of
 * them against the schema that its route answers by, so that neither can drift. Times are milliseconds since 1970.
 */
import type { Rollout, ThreeWayChange } from "./wire-configurations.ts";

export type * from "./wire-access.ts";
export type * from "./wire-mesh.ts";
export type * from "./wire-configurations.ts";

/** Levels on a worker or in an area, each with the ones before it. */
export type Level = "none" | "monitor" | "operate" | "configure" | "admin";
export type Role = "viewer" | "operator" | "configurer" | "admin";
/** Heard in time, late by two heartbeats, lost after three, ended by itself, sent away. */
export type WorkerState = "online" | "late" | "lost" | "stopped" | "removed";

/** Everything that fails (RFC 9457), with the rule behind a refusal and who can change it (CAT-111). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** One of docs/errors.md. */
  readonly code: string;
  readonly remedy?: string | undefined;
  readonly instance?: string | undefined;
  readonly rule?: string | undefined;
  readonly change?: string | undefined;
  /** With CONFIG_STALE: the version in force, and what others and the caller have made of the same one. */
  readonly version?: number | undefined;
  readonly changes?: readonly ThreeWayChange[] | undefined;
}

export interface User {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** A worker must have these for the role to count; null: all workers. */
  readonly labels: Readonly<Record<string, string>> | null;
  readonly disabled: boolean;
  readonly createdAt: number;
  readonly service: boolean;
  /** Has a second factor. */
  readonly factor: boolean;
}

/** Who is logged in, and what they may do. */
export interface Me {
  readonly user: User;
  readonly roles: readonly Role[];
  readonly kind: "session" | "token";
  readonly factor: { readonly set: boolean; readonly shownAt: number | null; readonly recoveryCodesLeft: number };
  readonly levels: Readonly<Record<"workers" | "configurations" | "users" | "audit", Level>>;
}

/** A session was opened or raised; its token is in the cookie. */
export interface Opened {
  readonly token?: string | undefined;
  readonly expiresAt: number;
  readonly user?: User | undefined;
  /** Nothing works until a second factor is set up. */
  readonly mustEnrol?: boolean | undefined;
}

/** The password was right, and a code is wanted. */
export interface FactorWanted {
  readonly ticket: string;
  readonly factor: "totp";
}

/** A worker, as much of it as the caller may see. */
export interface WorkerView {
  readonly id: string;
  readonly name: string;
  readonly state: WorkerState;
  /** Why it is so, in words. */
  readonly cause: string;
  readonly since: number;
  readonly trouble?: string | undefined;
  /** Last heartbeat, some seconds behind the truth. */
  readonly seenAt: number | null;
  readonly mode: string;
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
  /** What the caller may do on it. */
  readonly level: Level;
  /** Work types it says it offers. */
  readonly capabilities?: readonly string[] | undefined;
  readonly helperSlots?: number | undefined;
  readonly node?: string | undefined;
  readonly machineId?: string | undefined;
  readonly epoch?: number | undefined;
  readonly cloneable?: boolean | undefined;
  readonly addresses?:
    | {
        readonly reported: string | null;
        readonly observed: string | null;
        readonly configured: string | null;
      }
    | undefined;
}

/** A part of a list; `next` is the cursor of the one behind it. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next?: string | undefined;
}

/** Numbers of a worker over time. */
export interface HealthSeries {
  readonly points: readonly {
    readonly at: number;
    readonly sample: Readonly<Record<string, number>>;
    readonly beats: number;
  }[];
}

/** How long a worker was in each state in a window, and for which part of it it was there. */
export interface Availability {
  readonly spentMs: Readonly<Record<WorkerState, number>>;
  /** 0 to 1; null: nothing is known. */
  readonly share: number | null;
}

/** A line of what happened to a worker. */
export interface WorkerEvent {
  readonly sequence: number;
  readonly at: number;
  readonly state: string;
  readonly cause: string;
}

/** A unit as lists show it; the worker's own word. */
export interface UnitSummary {
  readonly id: string;
  /** 0 pending, 1 running, 2 succeeded, 3 failed, 4 canceled. */
  readonly state: number;
  readonly stateName: string;
  readonly detail: string;
  readonly workType: string;
  readonly stdoutSize: number;
  readonly createdAt?: number | undefined;
  readonly startedAt?: number | undefined;
  readonly endedAt?: number | undefined;
  readonly requestedBy?: { readonly user: string; readonly level: string } | undefined;
}

/** A unit with how it ended, as far as it has. */
export interface UnitDetails extends UnitSummary {
  /** Why it ended, for programs: `unitCauses` of the room `work`. */
  readonly cause?: string | undefined;
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  /** Of the whole output, hex. */
  readonly sha256?: string | undefined;
}

/** A unit of any worker, as the server's index knows it: also of workers that are away (decision 17). */
export interface IndexedUnit extends UnitDetails {
  /** As they were asked for, without secrets; they may be cut. */
  readonly params?: Readonly<Record<string, string>> | undefined;
  readonly worker: { readonly id: string; readonly name: string };
  readonly createdAt: number;
  /** The worker has it no more since about then. */
  readonly releasedAt?: number | undefined;
  /** All this is known to be so up to this time. */
  readonly asOf: number;
  /** Whether its worker can be asked now. */
  readonly connected: boolean;
}

export interface UnitTaken {
  readonly unit: string;
  readonly state: "started" | "queued";
}

/** What keeps somebody from a worker, and what its own doctor says (CAT-114). */
export interface Hints {
  readonly way: string;
  readonly hints: readonly {
    readonly question: string;
    readonly state: "fine" | "trouble" | "unknown" | "unneeded";
    readonly says: string;
    readonly cure?: string | undefined;
    readonly who?: string | undefined;
  }[];
  readonly first?: string | undefined;
  readonly findings?: readonly Finding[] | undefined;
}

export interface Finding {
  readonly check: string;
  readonly kind: "ok" | "warning" | "fail";
  readonly says: string;
  readonly cure?: string | undefined;
}

export interface PendingWorker {
  readonly fingerprint: string;
  readonly name: string;
  readonly hostName: string;
  readonly mode: string;
  readonly source: string;
  readonly createdAt: number;
  readonly askedAt: number;
}

/** Numbers of the last heartbeat in the topic `health`; what a system does not tell is missing. */
export interface Beat {
  readonly worker: string;
  readonly at: number;
  readonly cpuPercent?: number;
  readonly memoryUsedBytes?: number;
  readonly memoryTotalBytes?: number;
  /** From workers that say no bytes: those of Quokka. */
  readonly memoryPercent?: number;
  readonly responseTimeMs?: number;
  readonly unitsRunning?: number;
  readonly unitsPending?: number;
  readonly diskFreeBytes?: number;
  readonly diskTotalBytes?: number;
}

/** One message of `/api/live`. */
export type LiveMessage =
  | { readonly reset: true; readonly position: string }
  | { readonly listed: true; readonly position: string }
  /** Some of all, between `reset` and `listed`. */
  | { readonly kind: "workers"; readonly position: string; readonly workers: readonly WorkerView[] }
  | { readonly kind: "worker"; readonly position: string; readonly worker: WorkerView }
  | { readonly kind: "health"; readonly now: number; readonly beats: readonly Beat[] }
  /** With `reset` changes of units may have been missed. */
  | { readonly kind: "units"; readonly reset: boolean; readonly unitsPosition: string }
  | { readonly kind: "unit"; readonly unitsPosition: string; readonly unit: IndexedUnit }
  | ChannelMessage
  /** The server's time, every 15 s: who hears nothing for longer has lost the line. */
  | { readonly kind: "clock"; readonly now: number }
  | { readonly problem: Problem };

/** What is told of a channel that a client watches. */
export type ChannelMessage =
  /** It is another than at an earlier position, and is asked for by HTTP. */
  | { readonly kind: "changed"; readonly channel: string; readonly position: string }
  /** Told whole: {@link PendingNow} of `pending`, {@link RolloutNow} of `rollout/NAME`. */
  | { readonly kind: "told"; readonly channel: string; readonly value: unknown }
  /** It may not be watched, or no longer. */
  | { readonly kind: "refused"; readonly channel: string; readonly why: Problem };

/** Machines that wait to be let in; `more` besides are not told. */
export interface PendingNow {
  readonly items: readonly PendingWorker[];
  readonly more: number;
}

/** The last roll-out by stages of a configuration; null: there was none. */
export type RolloutNow = Rollout | null;
