import { includesLevel, Registration } from "#fleet";
import type { EnrolService } from "../api/services.ts";
import { Sparing } from "../api/sparing.ts";
import type { AuditTrail } from "../audit/audit.ts";
import type { Access } from "../auth/access.ts";
import { normalName } from "../auth/accounts.ts";
import { type Caller, callerLevel } from "../auth/callers.ts";
import { sourceKey } from "../auth/lock-out-keys.ts";
import { ServerError } from "../errors.ts";
import type { Grant } from "../registry/entry.ts";
import type { PendingWorkers } from "../registry/pending-workers.ts";
import type { Presence } from "../registry/presence.ts";
import { requestOf, type WorkerEntrance } from "./worker-entrance.ts";

export interface FirstRegistrationsOptions {
  readonly entrance: WorkerEntrance;
  readonly presence: Presence;
  readonly pending: PendingWorkers;
  readonly access: Pick<Access, "callers">;
  readonly audit: AuditTrail;
}

/**
 * First registrations come over HTTPS, and somebody vouches for the worker: a token, a service account, or a person who
 * approves its key (CAT-33). Nobody is connected by that alone.
 */
export class FirstRegistrations implements EnrolService {
  readonly #options: FirstRegistrationsOptions;
  /** One row a second from each address: anybody can be refused here, as often as they like. */
  readonly #strangers = new Sparing(1_000, 1_000);

  constructor(options: FirstRegistrationsOptions) {
    this.#options = options;
  }

  challenge(observed: string) {
    return Promise.resolve(this.#options.entrance.challenge({ address: sourceKey(observed) }));
  }

  /** @throws {ServerError} what `Registry.register` and `PendingWorkers.ask` throw; CREDENTIAL_INVALID. */
  async register(body: unknown, observed: string) {
    const { entrance, presence } = this.#options;
    const said = registrationIn(body);
    const registered = await entrance.register(said, observed, await this.#grant(said, observed));
    // It has a name and a certificate now, and is not there before its conversation is.
    presence.stopped(registered.workerId, registered.epoch, "enrolled, and not started yet");
    return registered;
  }

  async #grant(said: Registration, observed: string): Promise<Grant | undefined> {
    const { pending } = this.#options;
    if (said.workerId !== undefined)
      throw new ServerError("REGISTRATION_INVALID", "workerId: a worker that has one registers in its conversation");
    if (said.token) return undefined;
    if (said.account) return await this.#accountGrant(said.account, said.name, observed);
    return await pending.ask(requestOf(said), said.hostName, observed);
  }

  /** Its containers come and go: each is known by account and name, and takes the place of the one before (CAT-104). */
  async #accountGrant(
    { user: name, password }: NonNullable<Registration["account"]>,
    worker: string,
    observed: string,
  ): Promise<Grant> {
    const { access, audit } = this.#options;
    const caller = await access.callers.identify(password).catch(nobodyKnown);
    if (!caller || !mayEnrol(caller, name)) {
      if (this.#strangers.isDue(observed))
        await audit.record("server", "worker.refused", worker, { code: "CREDENTIAL_INVALID", observed, account: name });
      throw new ServerError(
        "CREDENTIAL_INVALID",
        "no service account of this name has such a token with the scope enrolment:admin",
      );
    }
    const { id, labels } = caller.user;
    return { id: `sa-${id}`, name: null, labels: JSON.stringify(labels ?? {}), cloneable: 1, may_replace: 0 };
  }
}

/** @throws what the database throws: who is refused for that would not try again. */
function nobodyKnown(error: unknown): undefined {
  if (error instanceof ServerError && error.status < 500) return undefined;
  throw error;
}

/** Alike for an unknown name, a wrong token, and a token for other things; a person's session is none. */
function mayEnrol(caller: Caller, name: string): boolean {
  const { kind, user } = caller;
  const level = callerLevel(caller, "enrolment", user.labels ?? {});
  return kind === "token" && user.name === normalName(name) && includesLevel(level, "admin");
}

function registrationIn(body: unknown): Registration {
  const said = Registration.safeParse(body);
  if (said.success) return said.data;
  const [issue] = said.error.issues;
  throw new ServerError("REGISTRATION_INVALID", `${issue?.path.join(".") ?? "body"}: ${issue?.message ?? "not valid"}`);
}
