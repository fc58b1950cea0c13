import { readFileSync } from "node:fs";
import { type Clock, errorText, isJsonObject, type Json, type Log, systemClock, timeLimit } from "#core";
import { type ConfigKeyPath, decodeEnrolmentToken, isSecret, RemoteError } from "#fleet";
import { enrol, type EnrolmentProof } from "../agent/enrol.ts";
import type { Identity, Membership } from "../agent/identity.ts";
import type { Instance, SelfDescription } from "../agent/instance.ts";
import { Patience } from "../agent/patience.ts";
import type { ServerTrust } from "../agent/server-door.ts";
import type { FromEnvironment, WorkerConfiguration } from "../configuration/mod.ts";
import { WorkerError } from "../errors.ts";

/** Asking one address of the server may take so long, milliseconds: then comes the next one. */
const askMs = 10_000;

type Server = WorkerConfiguration["server"];

/** By what the configuration knows its server. @throws {WorkerError} ENROLMENT_FAILED: `caFile` cannot be read. */
export function serverTrust({ caFile, pin, proxy }: Server): ServerTrust {
  return {
    ca: caFile === null ? undefined : readAuthorities(caFile),
    pin: pin ?? undefined,
    proxy: proxy?.reveal(),
  };
}

/** The same of a worker that has no configuration yet, as far as its environment says it. */
export function environmentTrust({ overrides }: FromEnvironment): ServerTrust {
  const said = (path: ConfigKeyPath): string | undefined =>
    textOf(overrides.find((each) => each.path === path)?.value());
  const caFile = said("/server/caFile");
  return {
    ca: caFile === undefined ? undefined : readAuthorities(caFile),
    pin: said("/server/pin"),
    proxy: said("/server/proxy"),
  };
}

/** Of a text, or of a secret that is one. */
function textOf(value: Json | undefined): string | undefined {
  if (typeof value === "string") return value;
  return isSecret(value) && isJsonObject(value.$secret) ? textOf(value.$secret["value"]) : undefined;
}

function readAuthorities(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new WorkerError("ENROLMENT_FAILED", `the authorities in ${path} cannot be read: ${errorText(error)}`);
  }
}

/** What the configuration shows a server the first time; undefined: nothing. @throws {FleetError} TOKEN_INVALID. */
function proofIn({ enrolmentToken, user, password }: Server): EnrolmentProof | undefined {
  if (enrolmentToken !== null) return { token: decodeEnrolmentToken(enrolmentToken.reveal()) };
  return user !== null && password !== null ? { account: { user, password: password.reveal() } } : undefined;
}

export interface FirstRegistrationOptions {
  readonly server: Server;
  readonly identity: Identity;
  readonly instance: Instance;
  readonly self: SelfDescription;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly log: Log;
}

/** How a worker with a token or a service account in its configuration becomes its server's (CAT-3, CAT-31). */
export class FirstRegistration {
  readonly #options: FirstRegistrationOptions;
  /** What was said last, so that it is said once. */
  #trouble: string | undefined;
  #isRefused = false;

  constructor(options: FirstRegistrationOptions) {
    this.#options = options;
  }

  /** Ask each address of the server, in order. Never rejects; undefined: none has let us in, or there is nothing to show. */
  async ask(signal: AbortSignal): Promise<Membership | undefined> {
    const { server, identity, instance, self } = this.#options;
    for (const serverUrl of server.urls) {
      try {
        const proof = proofIn(server);
        if (!proof || signal.aborted) return undefined;
        const limit = timeLimit(askMs, signal);
        const common = { identity, instance, self, signal: limit };
        return await enrol({ ...common, ...proof, serverUrl, trust: serverTrust(server) });
      } catch (error) {
        this.#note(`the server ${serverUrl} does not enrol this worker: ${errorText(error)}`);
        this.#isRefused ||= isFinal(error);
      }
    }
    return undefined;
  }

  /** Go on asking, with longer and longer pauses, until one lets us in. @returns undefined: the signal, or for good. */
  async keepAsking(signal: AbortSignal): Promise<Membership | undefined> {
    const { server, clock = systemClock, random = Math.random } = this.#options;
    const hasProof = server.enrolmentToken !== null || (server.user !== null && server.password !== null);
    if (!hasProof || server.urls.length === 0) return undefined;
    const patience = new Patience(clock, random);
    while (!this.#isRefused && !signal.aborted) {
      await patience.wait(signal);
      const membership = signal.aborted ? undefined : await this.ask(signal);
      if (membership) return membership;
    }
    return undefined;
  }

  #note(trouble: string): void {
    const { log } = this.#options;
    if (trouble === this.#trouble) log.debug(trouble);
    else log.error(trouble);
    this.#trouble = trouble;
  }
}

/** The server has understood, and does not want us: asking again changes nothing. */
function isFinal(error: unknown): boolean {
  return (
    error instanceof RemoteError && error.status < 500 && error.status !== 429 && error.code !== "REGISTRATION_NONCE"
  );
}
