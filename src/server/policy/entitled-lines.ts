import type { Duplex } from "node:stream";
import { errorText, type JsonObject, type Log } from "#core";
import type { AuditTrail } from "../audit/audit.ts";
import { ServerError } from "../errors.ts";
import type { Asker, WorkerLines, WorkerRequest, WorkerStream } from "../line/worker-lines.ts";
import type { Store } from "../store/store.ts";
import { findWorker, listWorkers } from "../store/workers.ts";
import type { Entitlements } from "./entitlements.ts";
import { featureOfMethod } from "./method-feature.ts";
import type { RemoteFeature } from "./policy.ts";
import type { PolicyFile } from "./policy-file.ts";

export interface EntitledLinesOptions {
  readonly lines: WorkerLines;
  readonly policy: Pick<PolicyFile, "remoteFeatures" | "countsWorkers" | "asksEntitlement">;
  /** Says why, where an entitlement could give what is refused. */
  readonly entitlements?: Pick<Entitlements, "why"> | undefined;
  readonly store: Store;
  readonly audit: AuditTrail;
  readonly log: Pick<Log, "warn" | "info">;
}

interface OpenStream {
  /** All of them are to be included while it is open. */
  readonly rests: readonly RemoteFeature[];
  readonly stream: Duplex;
}

/** Who asks, and what the worker is told that they may do. */
type Told = Asker & { readonly entitled: readonly RemoteFeature[] };

/**
 * Lines to workers on which nothing is forwarded that the policy leaves out (CAT-100), whoever calls, and on which streams
 * end when it leaves them out later (CAT-59, CAT-97).
 *
 * Units are never ended, and neither is one whose payload is on its way: only ways in are (CAT-99).
 */
export class EntitledLines implements WorkerLines {
  readonly #options: EntitledLinesOptions;
  readonly #open = new Map<string, Set<OpenStream>>();

  constructor(options: EntitledLinesOptions) {
    this.#options = options;
  }

  /** @throws {ServerError} NOT_ENTITLED, and what {@link WorkerLines.call} throws; so do the others. */
  async call(workerId: string, request: WorkerRequest, asker: Asker, signal: AbortSignal): Promise<unknown> {
    const told = await this.#entitled(workerId, request.method, asker);
    return await this.#options.lines.call(workerId, request, told, signal);
  }

  async open(workerId: string, request: WorkerRequest, asker: Asker, signal: AbortSignal): Promise<WorkerStream> {
    const { method } = request;
    const told = await this.#entitled(workerId, method, asker);
    const opened = await this.#options.lines.open(workerId, request, told, signal);
    const rests = restsOn(method, told.entitled);
    this.#watch(workerId, { rests, stream: opened.stream });
    try {
      // What changed while it was opened has cut those that were open then.
      const { entitled } = await this.#entitled(workerId, method, asker);
      const lost = rests.find((feature) => !entitled.includes(feature));
      if (lost) throw this.#refusal(lost, workerId);
      return opened;
    } catch (error) {
      opened.stream.destroy();
      throw error;
    }
  }

  async submit(
    workerId: string,
    params: JsonObject,
    payload: AsyncIterable<Uint8Array>,
    asker: Asker,
    signal: AbortSignal,
  ): Promise<unknown> {
    const told = await this.#entitled(workerId, "units.submit", asker);
    return await this.#options.lines.submit(workerId, params, payload, told, signal);
  }

  cut(session: string, reason: string): void {
    this.#options.lines.cut(session, reason);
  }

  /** The policy, or what it counts, has changed: end the streams that it does not include any more. */
  async recheck(): Promise<void> {
    for (const [workerId, streams] of this.#open) {
      const included = await this.#features(workerId, true);
      const over = [...streams].flatMap(({ rests, stream }) => {
        const lost = rests.find((feature) => !included.includes(feature));
        return lost ? [{ lost, stream }] : [];
      });
      for (const { lost, stream } of over) stream.destroy(this.#refusal(lost, workerId));
      if (over.length > 0)
        this.#options.log.info("streams were cut: entitlement", { worker: workerId, streams: over.length });
    }
  }

  /** What the worker is told of whom, when the policy includes the method. */
  async #entitled(workerId: string, method: string, asker: Asker): Promise<Told> {
    const feature = featureOfMethod(method);
    const entitled = await this.#features(workerId);
    if (entitled.includes(feature)) {
      const told = { ...asker, entitled };
      return told;
    }
    const { audit, log } = this.#options;
    audit
      .record(asker.userId, "api.refused", workerId, { code: "NOT_ENTITLED", feature, method })
      .catch((error: unknown) => log.warn("a refusal was not audited", { error: errorText(error) }));
    throw this.#refusal(feature, workerId);
  }

  /** What the policy includes of a worker now: the worker holds its own ways in to that as well (CAT-25). */
  async features(workerId: string): Promise<RemoteFeature[]> {
    return await this.#features(workerId);
  }

  /** As it is at this moment; that there is one worker, and that it is this one, is seen by one statement (CAT-97). */
  async #features(workerId: string, isOpen = false): Promise<RemoteFeature[]> {
    const { policy, store } = this.#options;
    const about = { workerId, isOpen };
    if (!policy.countsWorkers) return policy.remoteFeatures(about);
    const registered = await listWorkers(store.db, "", 2);
    const worker = registered.find(({ id }) => id === workerId) ?? (await findWorker(store.db, workerId));
    if (!worker) return policy.remoteFeatures(about);
    return policy.remoteFeatures({ ...about, worker: { mode: worker.mode, isOnly: registered.length === 1 } });
  }

  #watch(workerId: string, open: OpenStream): void {
    const streams = this.#open.get(workerId) ?? new Set();
    this.#open.set(workerId, streams.add(open));
    open.stream.once("close", () => {
      streams.delete(open);
      if (streams.size === 0 && this.#open.get(workerId) === streams) this.#open.delete(workerId);
    });
  }

  /** What was refused, by which rule, and who can change it (CAT-111). */
  #refusal(feature: RemoteFeature, workerId: string): ServerError {
    const { policy, entitlements } = this.#options;
    const why = `entitlement: the policy of this server does not include ${feature} for this worker (CAT-97)`;
    const operator = "the operator can change it: policy.yaml";
    if (!entitlements || !policy.asksEntitlement(feature))
      return new ServerError("NOT_ENTITLED", `${why}; ${operator}`);
    const given = `${entitlements.why(feature, workerId)}, and an admin can enter one (CAT-98)`;
    return new ServerError("NOT_ENTITLED", `${why}: ${given}; ${operator}`);
  }
}

/**
 * What a stream is to end with. A request of the worker's own pages is held to what the worker was told when it came, and its
 * body may come as slowly as its sender likes: it would outlive what it was told.
 */
function restsOn(method: string, told: readonly RemoteFeature[]): readonly RemoteFeature[] {
  return method === "http.management" ? told : [featureOfMethod(method)];
}
