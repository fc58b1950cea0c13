import { readFile, stat } from "node:fs/promises";
import { type Clock, errorText, type Log, systemClock } from "#core";
import {
  allowed,
  asksEntitlement,
  countsWorkers,
  type Feature,
  type Granted,
  maxWorkers,
  type Policy,
  type PolicyContext,
  type RemoteFeature,
  remoteFeatures,
} from "./policy.ts";
import { type RecordingRules, recordingRules } from "../recording/rules.ts";
import { parsePolicy } from "./policy-text.ts";

/** A changed file counts after so long, at most; with the cut it must be below two seconds (CAT-97). */
const lookEveryMs = 500;
/**
 * In force while there is no good file yet. A server with a slip in its policy starts, so that what runs on its workers is
 * watched on (CAT-99), and nobody gets more by breaking the file.
 */
const untilGood: Policy = { preset: "locked" };

export interface PolicyFileOptions {
  /** Undefined: no file, and everything is included. */
  readonly path: string | undefined;
  /** What entitlements come to, of the server and of one worker (CAT-98); absent: nothing. */
  readonly granted?: (workerId: string | undefined, isOpen: boolean) => Granted | undefined;
  readonly log: Pick<Log, "info" | "error">;
  readonly clock?: Pick<Clock, "sleep">;
}

/** What is asked of a policy. */
export interface PolicyQuestion extends Omit<PolicyContext, "granted"> {
  /** The worker that it is about. */
  readonly workerId?: string;
  /** It is about what was begun when it was included: entitlements that have ended since do not end it (CAT-99). */
  readonly isOpen?: boolean;
}

/** The operator's policy file, followed: what it says now counts, and a bad one leaves the last good one in force (CAT-96). */
export class PolicyFile {
  readonly #options: PolicyFileOptions;
  readonly #stopping = new AbortController();
  readonly #listeners = new Set<() => void>();
  #policy: Policy;
  #fault: string | undefined;
  #seen = "";
  #following: Promise<void> = Promise.resolve();

  constructor(options: PolicyFileOptions) {
    this.#options = options;
    this.#policy = options.path === undefined ? { preset: "open" } : untilGood;
  }

  /** What is wrong with the file as it is now; undefined: nothing. */
  get fault(): string | undefined {
    return this.#fault;
  }

  get countsWorkers(): boolean {
    return countsWorkers(this.#policy);
  }

  /** {@link allowed} by the policy in force, and the entitlements. */
  allowed(feature: Feature, question: PolicyQuestion = {}): boolean {
    return allowed(feature, this.#policy, this.#context(question));
  }

  remoteFeatures(question: PolicyQuestion): RemoteFeature[] {
    return remoteFeatures(this.#policy, this.#context(question));
  }

  /** Most workers at once; undefined: any number. */
  get maxWorkers(): number | undefined {
    return maxWorkers(this.#policy, this.#context({}));
  }

  /** Whether an entitlement could give what is refused; see {@link asksEntitlement}. */
  asksEntitlement(feature: Feature): boolean {
    return asksEntitlement(feature, this.#policy);
  }

  /** What is recorded, and how long it is kept (CAT-122). */
  get recording(): RecordingRules {
    return recordingRules(this.#policy);
  }

  /** Be told of each change of what is in force. */
  listen(changed: () => void): void {
    this.#listeners.add(changed);
  }

  /** Look at the file now. */
  async look(): Promise<void> {
    const { path, log } = this.#options;
    if (path === undefined) return;
    try {
      const { mtimeMs, ctimeMs, size, ino } = await stat(path);
      const seen = [mtimeMs, ctimeMs, size, ino].join();
      if (seen === this.#seen) return;
      const policy = parsePolicy(await readFile(path, "utf8"));
      this.#seen = seen;
      this.#fault = undefined;
      this.#enforce(policy);
    } catch (error) {
      const fault = errorText(error);
      if (fault === this.#fault) return;
      this.#fault = fault;
      const { preset } = this.#policy;
      log.error(`${path} is no policy, ${preset} stays in force`, { error: fault });
    }
  }

  /** From now on changes are noticed. */
  follow(): void {
    const { path, clock = systemClock } = this.#options;
    const { signal } = this.#stopping;
    const looking = async (): Promise<void> => {
      while (!signal.aborted) {
        await clock.sleep(lookEveryMs, signal).catch(() => undefined);
        if (!signal.aborted) await this.look();
      }
    };
    if (path !== undefined) this.#following = looking();
  }

  async close(): Promise<void> {
    this.#stopping.abort(new Error("the server stops"));
    await this.#following;
  }

  #context({ workerId, isOpen = false, ...context }: PolicyQuestion): PolicyContext {
    return { ...context, granted: this.#options.granted?.(workerId, isOpen) };
  }

  #enforce(policy: Policy): void {
    if (JSON.stringify(policy) === JSON.stringify(this.#policy)) return;
    this.#policy = policy;
    this.#options.log.info("the policy in force has changed", { policy });
    for (const changed of this.#listeners) changed();
  }
}

/** Open a policy file and follow it. */
export async function openPolicyFile(options: PolicyFileOptions): Promise<PolicyFile> {
  const file = new PolicyFile(options);
  await file.look();
  file.follow();
  return file;
}
