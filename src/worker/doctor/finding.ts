import type { WatcherStatus } from "#fleet";
import type { WorkerConfiguration } from "../configuration/effective.ts";
import type { Mode, ModePlaces } from "../modes/places.ts";

/** What a check came to: fine, or what is wrong and the one line that cures it. */
export type Verdict =
  | { readonly kind: "ok"; readonly says: string }
  | { readonly kind: "warning" | "fail"; readonly says: string; readonly cure: string };

/** A check that was made. */
export type Finding = Verdict & { readonly check: string };

/** What the checks look at. Nothing of it is changed by them, and no service is needed. */
export interface DoctorFacts {
  readonly mode: Mode;
  readonly places: ModePlaces;
  /** Of the account the service runs as. */
  readonly uid: number;
  /** What the configuration comes to; undefined when it has faults, which is a check's business. */
  readonly values: WorkerConfiguration | undefined;
  /** Faults of the configuration, one line each; none when there is no configuration at all. */
  readonly faults: readonly string[];
  readonly isConfigured: boolean;
  readonly isRegistered: boolean;
  /** How its watched folders are; undefined where no service is asked. */
  readonly watchers?: readonly WatcherStatus[];
  readonly now: () => number;
}

/** One look at one thing. */
export interface Check {
  readonly name: string;
  /** Undefined: it has nothing to look at here, such as a server's name where there is no server. */
  look(facts: DoctorFacts, signal: AbortSignal): Promise<Verdict | undefined> | Verdict | undefined;
}

export const ok = (says: string): Verdict => ({ kind: "ok", says });
export const warning = (says: string, cure: string): Verdict => ({ kind: "warning", says, cure });
export const fail = (says: string, cure: string): Verdict => ({ kind: "fail", says, cure });
