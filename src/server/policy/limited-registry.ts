import { createHash } from "node:crypto";
import { Gate, systemClock } from "#core";
import { ServerError } from "../errors.ts";
import { type Registration, type RegistrationRequest, requireRegistration } from "../registry/registration.ts";
import { Registry, type RegistryOptions } from "../registry/registry.ts";
import { workerName } from "../registry/worker-names.ts";
import { enrolmentUser } from "../store/enrolments.ts";
import { insertWorkerEvents } from "../store/worker-events.ts";
import { findWorker, findWorkerNamed, listWorkers, workerByKey, workersOfMachine } from "../store/workers.ts";
import type { Entitlements } from "./entitlements.ts";
import type { PolicyFile } from "./policy-file.ts";

/** More than that wait for the database at once: they come again. */
const maxWaiting = 10_000;

export interface LimitedRegistryOptions extends RegistryOptions {
  readonly policy: Pick<PolicyFile, "allowed" | "countsWorkers" | "maxWorkers">;
  /** Takes those that workers come with (CAT-98). */
  readonly entitlements?: Pick<Entitlements, "broughtBy"> | undefined;
  /** Somebody came in or left: there may be one worker more, or less. */
  readonly changed: () => void;
}

/**
 * The registry, with no more workers than the policy's `workers.max`. Whoever is in stays in, comes back, and may be
 * replaced: only one more is refused (CAT-99).
 */
export class LimitedRegistry extends Registry {
  readonly #options: LimitedRegistryOptions;
  /** Between the look at how many there are and the one more nobody else comes in. */
  readonly #oneByOne = new Gate({
    atOnce: 1,
    waiting: maxWaiting,
    full: () => new ServerError("STORE_UNREACHABLE", "too many workers register at once"),
  });

  constructor(options: LimitedRegistryOptions) {
    super(options);
    this.#options = options;
  }

  /** @throws {ServerError} NOT_ENTITLED when there are as many as there may be; a token is not used up then. */
  override async register(request: RegistrationRequest, observed: string): Promise<Registration> {
    const enter = (): Promise<Registration> => super.register(request, observed);
    const registered = await (this.#options.policy.maxWorkers === undefined
      ? enter()
      : this.#oneByOne.run(async () => {
          await this.#requireRoom(request, observed);
          return await enter();
        }));
    await this.#options.entitlements?.broughtBy(registered.workerId, request.entitlement);
    this.#options.changed();
    // The first registration of a worker, and so one worker more.
    if (registered.epoch === 1) await this.#tellOwners();
    return registered;
  }

  override async remove(id: string, actor: string): Promise<void> {
    await super.remove(id, actor);
    await this.#options.entitlements?.broughtBy(id, undefined);
    this.#options.changed();
  }

  /** A second worker takes something from the first: whoever looks at either is told (CAT-97). */
  async #tellOwners(): Promise<void> {
    const { store, policy, clock = systemClock } = this.#options;
    const both = policy.countsWorkers ? await listWorkers(store.db, "", 3) : [];
    if (both.length !== 2) return;
    const cause = "entitlement: it is not the only worker of this server any more (CAT-97)";
    const at = clock.now();
    const events = both.map(({ id, state }) => ({ worker_id: id, at, state, cause }));
    await insertWorkerEvents(store.db, events);
  }

  async #requireRoom(request: RegistrationRequest, observed: string): Promise<void> {
    requireRegistration(request);
    const { store, policy, audit } = this.#options;
    const { maxWorkers = 0 } = policy;
    const { length: registered } = await listWorkers(store.db, "", maxWorkers + 1);
    if (policy.allowed("workers.max", { registered }) || !(await this.#isOneMore(request))) return;
    await audit.record("server", "worker.refused", request.token?.id ?? request.workerId ?? "", {
      code: "NOT_ENTITLED",
      observed,
      name: request.name,
    });
    throw new ServerError(
      "NOT_ENTITLED",
      `the policy of this server allows ${maxWorkers} workers, and there are ${registered} (CAT-95); its operator can change workers.max, or an admin enter an entitlement`,
    );
  }

  /** Whether there would be one worker more; whom nobody knows counts as one. */
  async #isOneMore(request: RegistrationRequest): Promise<boolean> {
    const { db } = this.#options.store;
    const live = (id: string): boolean => this.#options.attendance.isLive(id);
    const { token, grant, workerId, instance, sameMachine } = request;
    if (grant && (await workerByKey(db, request.publicKey))) return false;
    const vouching = token ?? grant;
    if (!vouching) {
      // A second live instance of a cloneable worker becomes one of its own.
      const row = await findWorker(db, workerId ?? "");
      return row?.cloneable === 1 && row.instance !== instance && live(row.id);
    }
    if (token) {
      const secretHash = createHash("sha256").update(token.secret).digest("hex");
      const before = await enrolmentUser(db, token.id, secretHash);
      if (before?.public_key === request.publicKey) return false;
    }
    if (sameMachine === "replace" && (await workersOfMachine(db, request.machineId)).some(({ id }) => !live(id)))
      return false;
    // A container that was started again without its folder (CAT-104).
    const named = await findWorkerNamed(db, workerName(request.name));
    return !(named?.enrolment_id === vouching.id && !live(named.id));
  }
}
