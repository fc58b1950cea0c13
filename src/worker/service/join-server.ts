import { hostname } from "node:os";
import type { JsonObject, Log } from "#core";
import { decodeEnrolmentToken } from "#fleet";
import { enrol } from "../agent/enrol.ts";
import type { Membership } from "../agent/identity.ts";
import { Instance } from "../agent/instance.ts";
import { WorkerError } from "../errors.ts";
import { type Environment } from "../configuration/mod.ts";
import { capabilitiesOf } from "./capabilities.ts";
import { environmentTrust, serverTrust } from "./first-registration.ts";
import { type Mode, openSetup, type Setup } from "../modes/mod.ts";
import { version } from "../version.ts";

/** What a person says when a worker is to become a server's. */
export interface JoinWish {
  readonly serverUrl: string;
  /** `fh1.…`; without one a person at the server decides, and joining waits for that. */
  readonly token?: string | undefined;
  /** SHA-256 in hex of a certificate that the server shows, where neither token nor `ca` says who it is. */
  readonly pin?: string | undefined;
  /** Told once when a person has to decide: the fingerprint that the server shows them too. */
  readonly waiting?: ((fingerprint: string) => void) | undefined;
  readonly name?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** PEM of who vouches for the server, where the token has no pin. */
  readonly ca?: string | undefined;
  /** Roads to the server, as in a document; none: its own port. */
  readonly roads?: readonly JsonObject[] | undefined;
  /** Work types that a worker without a document begins with. */
  readonly workTypes: readonly (JsonObject & { readonly worktype: string })[];
  /** The tools a new worker opens, as its document has them; absent: none. */
  readonly tools?: Readonly<Record<string, JsonObject>> | undefined;
  /** What to do about an entry of the same machine at the server (CAT-42). */
  readonly sameMachine?: "replace" | "add" | undefined;
  readonly mode?: Mode | undefined;
  readonly env: Environment;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Enrol this worker with a server and write that down: its identity, and a document where there is none yet.
 *
 * @throws {WorkerError} ALREADY_JOINED, ENROLMENT_FAILED, STATE_…, CONFIG_…. @throws {RemoteError} what the server answered.
 */
export async function joinServer(wish: JoinWish): Promise<Membership> {
  const { mode, env, log } = wish;
  const setup = await openSetup({ mode, env, log, apply: () => Promise.resolve() });
  try {
    const before = setup.identity.membership();
    if (before)
      throw new WorkerError(
        "ALREADY_JOINED",
        `this worker is ${before.name} at ${before.serverUrl} already; \`farhand worker reset\` forgets that`,
      );
    const membership = await enrolled(setup, wish);
    await writeDocument(setup, wish);
    return membership;
  } finally {
    await setup.close();
  }
}

function enrolled(setup: Setup, wish: JoinWish): Promise<Membership> {
  const { serverUrl, token, ca, pin, sameMachine, waiting, signal, workTypes } = wish;
  const values = setup.configuration.running?.values;
  const known = values ? serverTrust(values.server) : environmentTrust(setup.environment);
  const name = wish.name ?? values?.identity.name ?? hostname();
  return enrol({
    ...{ serverUrl, sameMachine, waiting, signal },
    trust: { ca: ca ?? known.ca, pin: pin ?? known.pin, proxy: known.proxy },
    ...(token !== undefined && { token: decodeEnrolmentToken(token) }),
    identity: setup.identity,
    instance: new Instance(Date.now()),
    self: {
      ...{ name, version, mode: setup.mode, helperSlots: values?.helpers.count ?? 4 },
      labels: wish.labels ?? values?.identity.labels ?? {},
      capabilities: capabilitiesOf(values ?? { workTypes, tools: wish.tools ?? {} }),
    },
  });
}

/** A document that is there already is a person's work, and stays as it is but for the server. */
async function writeDocument({ configuration }: Setup, wish: JoinWish): Promise<void> {
  const written = configuration.written.state === "none" ? undefined : configuration.get();
  const base: JsonObject = written?.document ?? { workTypes: [...wish.workTypes] };
  const server = { ...(base["server"] as JsonObject | undefined), urls: [wish.serverUrl] };
  const identity = {
    ...(base["identity"] as JsonObject | undefined),
    ...(wish.name !== undefined && { name: wish.name }),
    ...(wish.labels && { labels: wish.labels }),
  };
  const document: JsonObject = {
    ...base,
    server,
    ...(Object.keys(identity).length > 0 && { identity }),
    ...(wish.tools && base["tools"] === undefined && { tools: wish.tools }),
    ...(wish.roads && { roads: [...wish.roads] }),
  };
  const editor = { name: "farhand worker join", connection: "join", isRemote: false };
  await configuration.put({ document, ifMatch: written?.version ?? 0, comment: `joined ${wish.serverUrl}` }, editor);
}
