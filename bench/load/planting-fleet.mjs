/**
 * Prepares the data folder of a server before it is started: workers that have enrolled, each with a key of its own, users
 * with an API token each, and an enrolment token for whoever comes later. All of it goes the server's own way, but for HTTPS.
 *
 * Workers are written as lines of JSON to `members`: what each knows of itself, its key and its certificate.
 */
import { generateKeyPairSync } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import { CompiledQuery } from "kysely";
import { decodeEnrolmentToken } from "../../dist/fleet/mod.js";
import { openServerCore } from "../../dist/server/core.js";
import { Instance } from "../../dist/worker/agent/instance.js";
import { answerWith } from "../kit/load.mjs";
import { nameOf } from "../kit/server.mjs";

const log = { debug() {}, info() {}, warn: console.error, error: console.error };
/** Whose name nobody has to see: users of the benchmark. */
const actor = "bench";

answerWith(async ({ dataDir, store, nodeId, members, workers, users }) => {
  const core = await openServerCore({ dataDir, store, nodeId, hosts: ["127.0.0.1", "localhost"], version: "0", log });
  // Nothing here has to outlive a power cut, and a disk's syncs are not what is measured.
  if (store.kind === "sqlite") await core.store.db.executeQuery(CompiledQuery.raw("pragma synchronous = off"));
  try {
    const { token } = await core.enrolments.make({ cloneable: true }, actor);
    await enrolAll(core, decodeEnrolmentToken(token), members, workers);
    return { authority: core.authority.certificate, enrolmentToken: token, tokens: await makeUsers(core, users) };
  } finally {
    await core.close();
  }
});

async function enrolAll(core, { id, secret }, path, count) {
  const file = openSync(path, "w", 0o600);
  for (let n = 0; n < count; n++) {
    const { privateKey } = generateKeyPairSync("ed25519");
    const self = { name: nameOf(n), labels: {}, mode: "session", version: "0", capabilities: ["run"], helperSlots: 4 };
    const more = { token: { id, secret }, sameMachine: "add" };
    const said = new Instance(0).registration(
      privateKey,
      core.entrance.challenge({ address: "127.0.0.1" }),
      self,
      more,
    );
    const registered = await core.entrance.register(said, "127.0.0.1");
    core.presence.stopped(registered.workerId, registered.epoch, "enrolled, and not started yet");
    const key = privateKey.export({ type: "pkcs8", format: "pem" });
    writeSync(file, `${JSON.stringify({ self, key, registered })}\n`);
  }
  closeSync(file);
}

async function makeUsers({ access }, count) {
  const tokens = [];
  for (let n = 0; n < count; n++) {
    const wish = { name: `${actor}-${n}-${Date.now()}`, password: null, role: "admin", labels: null };
    const user = await access.accounts.create(wish);
    const made = await access.apiTokens.make(user.id, { name: actor, scopes: ["*:admin"], expiresAt: null });
    tokens.push(made.token);
  }
  return tokens;
}
