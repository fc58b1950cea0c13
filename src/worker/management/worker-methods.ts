import { userInfo } from "node:os";
import { type Clock, systemClock } from "#core";
import {
  apiVersion,
  type Hello,
  hello,
  type ServedMethod,
  serve,
  switchesGet,
  switchesSet,
  workerRestart,
  type WorkerStatus,
  workerStatus,
  workerStop,
} from "#fleet";
import type { Units } from "#work";
import { version } from "../version.ts";
import type { ServicePassword } from "./service-password.ts";
import type { Switches } from "./switches.ts";
import { visitorOf } from "./visitor.ts";

/** What the worker knows of itself that may change while it runs; see {@link WorkerStatus}. */
export type WorkerFacts = Pick<
  WorkerStatus,
  | "hardened"
  | "state"
  | "reason"
  | "nextStep"
  | "mode"
  | "nodeId"
  | "name"
  | "settingsFile"
  | "pending"
  | "meshAddresses"
  | "watchers"
>;

/** What ends the worker, or starts it anew. Called once the caller has been answered; `by` is for the log. */
export interface Lifecycle {
  restart(by: string): void;
  stop(by: string): void;
}

export interface WorkerParts {
  readonly facts: () => WorkerFacts;
  readonly features: readonly string[];
  readonly units: Pick<Units, "countByState" | "helperPids" | "workTypes">;
  readonly switches: Switches;
  readonly password: Pick<ServicePassword, "isSet">;
  readonly lifecycle: Lifecycle;
  readonly clock?: Clock;
}

/** `hello`, `worker.status`, the switches, `worker.restart` and `worker.stop`. */
export function workerMethods(parts: WorkerParts): ServedMethod[] {
  const { clock = systemClock, switches, lifecycle } = parts;
  const start = { atMs: clock.now(), elapsed: clock.elapsed() };
  return [
    serve(hello, (theirs, { caller }) => {
      const visitor = visitorOf(caller);
      if (visitor) visitor.peerMajor = theirs.apiVersion.major;
      return greeting(parts);
    }),
    serve(workerStatus, () => statusOf(parts, start.atMs, (clock.elapsed() - start.elapsed) / 1_000)),
    serve(switchesGet, () => switches.states),
    serve(switchesSet, (wanted) => switches.set(wanted)),
    serve(workerRestart, (_params, { caller }) => accepted(() => lifecycle.restart(caller.name))),
    serve(workerStop, (_params, { caller }) => accepted(() => lifecycle.stop(caller.name))),
  ];
}

function greeting({ facts, features }: WorkerParts): Hello {
  const { mode, state } = facts();
  // The handshake has no word for settings with faults; worker.status has.
  const told = state === "misconfigured" ? "unconfigured" : state;
  return { apiVersion, serviceVersion: version, mode, state: told, features: [...features] };
}

function statusOf(parts: WorkerParts, startedAtMs: number, uptimeSeconds: number): WorkerStatus {
  const { units, switches, password } = parts;
  return {
    ...parts.facts(),
    ...{ version, user: accountName(), pid: process.pid, startedAtMs, uptimeSeconds },
    switches: switches.states,
    passwordSet: password.isSet,
    units: Object.fromEntries(units.countByState()),
    helpers: units.helperPids.length,
    workTypes: units.workTypes.list().map(({ WorkType }) => WorkType),
  };
}

/** An account may have no name, in a container for example. */
function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "");
  }
}

/** The answer goes out first: whoever closes the carriers waits for what they have begun to say. */
function accepted(act: () => void): { accepted: true } {
  setImmediate(act);
  return { accepted: true };
}
