import { X509Certificate } from "node:crypto";
import { type Clock, systemClock } from "#core";
import type { Challenge, Registered, Registration } from "#fleet";
import { workerKey } from "#fleet";
import { type Authority, issueCertificate } from "#mesh";
import { beatEveryMs, comeBackWithinMs } from "../registry/liveness.ts";
import type { Grant } from "../registry/entry.ts";
import type { NonceAsker } from "../registry/nonces.ts";
import type { RegistrationRequest } from "../registry/registration.ts";
import type { Registry } from "../registry/registry.ts";
import type { Members } from "./members.ts";

const yearMs = 365 * 24 * 60 * 60_000;

export interface EntranceOptions {
  readonly registry: Registry;
  readonly members: Members;
  readonly authority: Authority;
  /** Node id of this server. */
  readonly serverNode: string;
  readonly clock?: Pick<Clock, "now">;
  /** What assertions are dated by; default: the clock. */
  readonly steady?: Pick<Clock, "now">;
}

/** Where workers come in: the first time over HTTPS with a token, later over their conversation with their key. */
export class WorkerEntrance {
  readonly #options: EntranceOptions;
  readonly #clock: Pick<Clock, "now">;
  readonly #steady: Pick<Clock, "now">;
  readonly #begun: Date;

  constructor(options: EntranceOptions) {
    this.#options = options;
    this.#begun = new Date(new X509Certificate(options.authority.certificate).validFrom);
    this.#clock = options.clock ?? systemClock;
    this.#steady = options.steady ?? this.#clock;
  }

  challenge(asker: NonceAsker): Challenge {
    return { nonce: this.#options.registry.nonces.give(asker), serverTimeMs: this.#steady.now() };
  }

  /**
   * @param observed the address it comes from, as the connection says. @param grant who vouches for it besides a token.
   * @throws {ServerError} what {@link Registry.register} throws; EPOCH_UNKNOWN when it was removed meanwhile.
   */
  async register(said: Registration, observed: string, grant?: Grant): Promise<Registered> {
    const { registry, members, authority, serverNode } = this.#options;
    const { serverTime: _, ...registered } = await registry.register(
      { ...requestOf(said), ...(grant && { grant }) },
      observed,
    );
    // Whoever was removed meanwhile has no key any more, and must not stand among the members again.
    registry.keys.get(registered.workerId);
    members.add(registered.workerId, registered.node, said.publicKey);
    const certificate = issueCertificate(
      {
        commonName: registered.node,
        dnsNames: [],
        ipAddresses: [],
        nodeIds: [registered.node],
        publicKey: workerKey(said.publicKey),
        // From the authority's own beginning: somebody may set the server's clock back, and the time of a worker that has
        // just registered must not be still to come (CAT-124).
        notBefore: this.#begun,
        notAfter: new Date(this.#clock.now() + yearMs),
      },
      authority,
      new Date(this.#clock.now()),
    );
    return {
      ...registered,
      serverTimeMs: this.#steady.now(),
      heartbeatEveryMs: beatEveryMs,
      comeBackWithinMs: comeBackWithinMs(members.size),
      serverNode,
      authority: authority.certificate,
      certificate,
    };
  }
}

/** What the registry is to know of it. */
export function requestOf(said: Registration): RegistrationRequest {
  const { workerId, token, listenAddress, sameMachine, entitlement } = said;
  return {
    ...(workerId !== undefined && { workerId }),
    ...(token && { token }),
    ...(listenAddress !== undefined && { reportedAddress: listenAddress }),
    ...(sameMachine && { sameMachine }),
    ...(entitlement !== undefined && { entitlement }),
    nonce: said.nonce,
    signature: said.signature,
    publicKey: said.publicKey,
    secret: Buffer.from(said.forwardSecret, "base64url"),
    instance: said.instanceNonce,
    name: said.name,
    machineId: said.machineIdHash,
    mode: said.mode,
    version: said.serviceVersion,
    labels: said.labels,
    capabilities: said.capabilities,
    helperSlots: said.helperSlots,
  };
}
