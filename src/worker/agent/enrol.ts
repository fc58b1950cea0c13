import { type Clock, systemClock } from "#core";
import {
  Challenge,
  type EnrolmentToken,
  readTold,
  Registered,
  type Registration,
  RemoteError,
  type Schema,
  workerFingerprint,
} from "#fleet";
import { WorkerError } from "../errors.ts";
import type { Identity, Membership } from "./identity.ts";
import type { Instance, SelfDescription } from "./instance.ts";
import { openServerDoor, type ServerDoor, type ServerTrust } from "./server-door.ts";

/** How often a worker that waits for a person asks whether it may come in, milliseconds. */
const askAgainMs = 3_000;

/** What shows that a worker may come in the first time (CAT-33); neither: a person at the server decides. */
export interface EnrolmentProof {
  readonly token?: EnrolmentToken | undefined;
  /** A service account (CAT-3). */
  readonly account?: Registration["account"] | undefined;
}

export interface Enrolling extends EnrolmentProof {
  /** `https://host:port/prefix`; plain http to a loopback address only. */
  readonly serverUrl: string;
  /** By what the server is known; a token's pin is demanded besides. */
  readonly trust?: ServerTrust;
  readonly identity: Identity;
  readonly instance: Instance;
  readonly self: SelfDescription;
  readonly sameMachine?: "replace" | "add" | undefined;
  /** Told once, when a person has to decide: the fingerprint that the server shows them too. */
  readonly waiting?: ((fingerprint: string) => void) | undefined;
  readonly clock?: Pick<Clock, "sleep">;
  readonly signal: AbortSignal;
}

/**
 * The first registration (CAT-33, CAT-36): over HTTPS, to a server that is known by a pin, an authority or the system's
 * roots. Nothing is shown to it before that is sure. Without a proof it waits until a person has decided, or the signal.
 *
 * @throws {WorkerError} ENROLMENT_FAILED, STATE_UNUSABLE. @throws {RemoteError} what the server answered.
 */
export async function enrol(enrolling: Enrolling): Promise<Membership> {
  const { serverUrl, trust = {}, token, identity, signal } = enrolling;
  const server = await openServerDoor(serverUrl, { ...trust, tokenPin: token?.pin }, signal);
  const registered = await registeredBy(server, enrolling);
  if (server.authorities !== undefined) identity.trust(server.authorities);
  return identity.keep(registered, server.url);
}

async function registeredBy(server: ServerDoor, enrolling: Enrolling): Promise<Registered> {
  const { identity, waiting, clock = systemClock, signal } = enrolling;
  for (let isTold = false; ; isTold = true) {
    try {
      return await askOnce(server, enrolling);
    } catch (error) {
      if (!(error instanceof RemoteError) || error.code !== "ENROLMENT_PENDING") throw error;
      if (!isTold) waiting?.(workerFingerprint(identity.key()));
      await clock.sleep(askAgainMs, signal);
    }
  }
}

async function askOnce(server: ServerDoor, enrolling: Enrolling): Promise<Registered> {
  const { token, account, identity, instance, self, sameMachine } = enrolling;
  const challenge = checked(Challenge, await server.ask("api/enrol/challenge", {}));
  const said = instance.registration(identity.key(), challenge, self, {
    ...(token && { token: { id: token.id, secret: token.secret } }),
    ...(account && { account }),
    ...(sameMachine && { sameMachine }),
  });
  return checked(Registered, await server.ask("api/enrol", said));
}

function checked<T>(schema: Schema<T>, value: unknown): T {
  const read = readTold(schema, value);
  if (read.success) return read.data;
  throw new WorkerError(
    "ENROLMENT_FAILED",
    "the server's answer is not what it should be: do both run versions that fit?",
  );
}
