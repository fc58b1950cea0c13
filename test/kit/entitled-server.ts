import { generateKeyPairSync, randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { silentLog, systemClock } from "#core";
import { decodeEnrolmentToken, signProof } from "#fleet";
import { Audit } from "../../src/server/audit/audit.ts";
import { EntitledLines } from "../../src/server/policy/entitled-lines.ts";
import { Entitlements } from "../../src/server/policy/entitlements.ts";
import { LimitedRegistry } from "../../src/server/policy/limited-registry.ts";
import { openPolicyFile } from "../../src/server/policy/policy-file.ts";
import { Enrolments } from "../../src/server/registry/enrolments.ts";
import { Presence } from "../../src/server/registry/presence.ts";
import type { RegistrationRequest } from "../../src/server/registry/registration.ts";
import type { Store } from "../../src/server/store/store.ts";
import { type apiKit, type StreamPair, streamPair, type TestApi, TestLines, type TestUser } from "./api.ts";
import { testIssuer, testServerId } from "./issuer.ts";
import { tempFolder } from "./temp-folder.ts";

/** A server with a policy file, as far as workers register and people come by its API. */
export async function entitledServer(kit: ReturnType<typeof apiKit>, store: Store, text: string) {
  const folder = await tempFolder();
  const path = join(folder.path, "policy.yaml");
  await writeFile(path, text);
  const audit = new Audit(store);
  const issuer = testIssuer();
  const keys = join(folder.path, "issuer.pem");
  await writeFile(keys, issuer.publicPem);
  const clock = { ...systemClock, aheadMs: 0, now: () => Date.now() + clock.aheadMs };
  const entitlement = join(folder.path, "entitlement");
  const entitlements = new Entitlements({
    ...{ store, audit, clock, log: silentLog, serverId: testServerId, keyFiles: [keys], file: entitlement },
  });
  await entitlements.open();
  const granted = (workerId: string | undefined, isOpen: boolean) => entitlements.granted(workerId, isOpen);
  const policy = await openPolicyFile({ path, log: silentLog, granted });
  const presence = new Presence({ store });
  const workers = new TestLines();
  const lines = new EntitledLines({ lines: workers, policy, entitlements, store, audit, log: silentLog });
  const changed = (): void => void lines.recheck();
  policy.listen(changed);
  entitlements.listen(changed);
  const registry = new LimitedRegistry({ store, audit, attendance: presence, policy, entitlements, changed });
  const enrolments = new Enrolments({ store, audit });
  const api = await kit.over(store, { lines, registry, presence, enrolments, entitlements, audit, realTime: true });
  const pairs: StreamPair[] = [];
  workers.output = ({ method }) => {
    const pair = streamPair();
    pairs.push(pair);
    return { result: method === "shell.open" ? { shell: "s1" } : { size: 0 }, stream: pair.server };
  };
  return {
    ...{ api, workers, registry, presence, audit, pairs, entitlements, issuer, clock },
    /** Put an entitlement into the server's file. */
    writeEntitlement: (word: string) => writeFile(entitlement, `${word}\n`),
    write: (next: string) => writeFile(path, next),
    token: async (more = {}) => decodeEnrolmentToken((await enrolments.make(more, "u1")).token),
    [Symbol.asyncDispose]: async () => {
      await api[Symbol.asyncDispose]();
      await policy.close();
      await entitlements.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}
export type EntitledServer = Awaited<ReturnType<typeof entitledServer>>;

/** What a worker registers with, as often as it likes. */
export function machine(name: string, mode: RegistrationRequest["mode"] = "cloud") {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const spki = publicKey.export({ format: "der", type: "spki" }).toString("base64");
  return (registry: LimitedRegistry, more: Partial<RegistrationRequest>): RegistrationRequest => {
    const started = { instance: randomBytes(8).toString("hex"), secret: randomBytes(32) };
    const nonce = registry.nonces.give({ address: "127.0.0.1" });
    const signature = signProof({ nonce, workerId: more.workerId ?? "", ...started }, privateKey);
    const said = { name, machineId: `machine-${name}`, mode, version: "1", labels: {}, nonce, signature };
    return { publicKey: spki, ...said, ...started, ...more };
  };
}

export async function enrol(
  { registry, token }: EntitledServer,
  name: string,
  mode?: RegistrationRequest["mode"],
  more: Partial<RegistrationRequest> = {},
) {
  const request = machine(name, mode)(registry, { token: await token(), ...more });
  return (await registry.register(request, "10.0.0.5")).workerId;
}

/** What a program with no user interface gets. */
export async function cancel(api: TestApi, user: TestUser, worker: string): Promise<string> {
  const path = `/api/workers/${worker}/units/AbCd1234/cancel`;
  const { status, json } = await api.ask("POST", path, { auth: user.auth });
  return status === 403 ? json.code : "forwarded";
}

export async function follow(api: TestApi, user: TestUser, worker: string) {
  const tunnel = await api.socket(`/api/workers/${worker}/tcp/web`, user.auth);
  expect(await tunnel.next()).toEqual({ opened: "web" });
  return tunnel;
}
