import type { Duplex } from "node:stream";
import { silentLog, systemClock } from "#core";
import {
  challenge,
  configChanged,
  Conversation,
  decodeEnrolmentToken,
  type Forwarded,
  forward,
  hearWords,
  type JsonObject,
  methodTable,
  register,
  sayWords,
  serve,
  sessionEnded,
} from "#fleet";
import type { Mesh, MeshStream } from "#mesh";
import { type Daemon, startDaemon } from "../../src/worker/daemon.ts";
import { enrol } from "../../src/worker/agent/enrol.ts";
import { Identity, type Membership } from "../../src/worker/agent/identity.ts";
import { Instance } from "../../src/worker/agent/instance.ts";
import { fleetProfile, membershipSections } from "../../src/worker/agent/managed-settings.ts";
import { parseSettings } from "../../src/worker/settings/mod.ts";
import { patience } from "./units.ts";

/**
 * A worker that its server has enrolled, with its real key, certificate and road, and with anything in its head: what it
 * says is for the test to choose.
 */
export interface HostileWorker extends AsyncDisposable {
  readonly membership: Membership;
  readonly identity: Identity;
  readonly mesh: Mesh;
  /** What it answers to forwarded requests; what is thrown is the fault. */
  answer: (body: { readonly method: string; readonly params: JsonObject }) => unknown;
  /** All that the server ever sent it, on its conversation and on streams, as bytes without their TLS. */
  readonly received: Buffer[];
  /** Its secret for this start (CAT-35), base64url; it has been sent once with each registration. */
  readonly forwardSecret: () => string;
  /** What it does with a stream that the server opens for a user, its words heard already. */
  serve: (stream: Duplex, body: { readonly method: string }) => void | Promise<void>;
  /** A stream to the server's side of the conversation, nothing said on it yet. It takes the place of the one before. */
  dial(): Promise<MeshStream>;
  /** An orderly conversation over a new stream, registered: from here on the server asks it. */
  converse(): Promise<Conversation>;
}

const self = {
  ...{ name: "evil", labels: {}, mode: "session" as const, version: "0.1.0", capabilities: [], helperSlots: 1 },
};

/** Let one in. @param tokenText an enrolment token of the server. */
export async function hostileWorker(folder: string, serverUrl: string, tokenText: string): Promise<HostileWorker> {
  const identity = new Identity(`${folder}/state`);
  const instance = new Instance(Date.now());
  const token = decodeEnrolmentToken(tokenText);
  await enrol({ serverUrl, token, identity, instance, self, signal: patience() });
  return await hostileFrom(folder, identity, instance);
}

/** One that has found somebody's identity. @param folder its state folder is `state` in there. */
export async function hostileFrom(
  folder: string,
  identity = new Identity(`${folder}/state`),
  instance = new Instance(Date.now()),
): Promise<HostileWorker> {
  const membership = identity.membership();
  if (!membership) throw new Error("there is no membership in that folder");
  const opened: { mesh?: Mesh } = {};
  const sections = membershipSections({
    ...{ membership, files: identity.files, dataDir: `${folder}/units`, node: {}, roads: [] },
  });
  const daemon: Daemon = await startDaemon(parseSettings(JSON.stringify(sections), "a hostile worker"), {
    configFiles: [],
    log: silentLog,
    manage: async ({ mesh }) => {
      opened.mesh = mesh;
      return { close: () => {} };
    },
  });
  const { mesh } = opened;
  if (!mesh) throw new Error("the daemon has no mesh");
  const received: Buffer[] = [];
  const dial = async (): Promise<MeshStream> => {
    const stream = await mesh.dial(membership.serverNode, "fleet", { tls: fleetProfile, signal: patience() });
    stream.on("error", () => {});
    return tapped(stream, received);
  };
  let forwardSecret = "";
  const conversations: Conversation[] = [];
  const worker: HostileWorker = {
    ...{ membership, identity, mesh, dial, received, forwardSecret: () => forwardSecret },
    answer: () => ({}),
    serve: (stream) => void stream.destroy(),
    converse: async () => {
      const { node: ownName, serverNode: peerName } = membership;
      const { promise: met, resolve } = withResolvers();
      const conversation = new Conversation({
        ...{ ownName, peerName, clock: systemClock, log: silentLog, met: resolve },
        table: methodTable([
          serve(forward, async ({ body }: Forwarded) => ({ result: await worker.answer(parsed(body)) })),
          serve(sessionEnded, () => ({})),
          serve(configChanged, () => ({})),
        ]),
      });
      conversations.push(conversation);
      void conversation.attach(await dial());
      await met;
      const asked = await conversation.call(challenge, {});
      const said = instance.registration(identity.key(), asked, self, { workerId: membership.workerId });
      ({ forwardSecret } = said);
      await conversation.call(register, said);
      return conversation;
    },
    [Symbol.asyncDispose]: async () => {
      for (const conversation of conversations) conversation.close();
      await daemon.close();
    },
  };
  mesh.listen("fleet", { tls: fleetProfile, accept: (stream) => void served(worker, tapped(stream, received)) });
  return worker;
}

/** The same stream; what comes in on it is kept. */
function tapped(stream: MeshStream, received: Buffer[]): MeshStream {
  const { push } = stream;
  stream.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    if (chunk instanceof Uint8Array) received.push(Buffer.from(chunk));
    return push.call(stream, chunk, encoding);
  };
  return stream;
}

async function served(worker: HostileWorker, stream: Duplex): Promise<void> {
  stream.on("error", () => {});
  const { body } = (await hearWords(stream, patience())) as { body: string };
  await worker.serve(stream, parsed(body));
}

const parsed = (body: string) => JSON.parse(body) as { method: string; params: JsonObject };

/** Answer in words that a stream goes on, then bytes. */
export function goesOn(stream: Duplex, result: JsonObject): void {
  sayWords(stream, { result });
}

function withResolvers() {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
