import { writeFile } from "node:fs/promises";
import { request } from "node:https";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { expect, test } from "vitest";
import { silentLog } from "#core";
import { eventually } from "../../../test/kit/api.ts";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { startServer } from "../server.ts";
import { insertWorker } from "../store/workers.ts";

test("CAT-96, CAT-100: a server that is started with a policy file refuses what it leaves out before it looks at the body", async () => {
  await using folder = await tempFolder();
  const policy = join(folder.path, "policy.yaml");
  await writeFile(policy, "preset: locked\n");
  const server = await startServer({
    dataDir: folder.path,
    store: { kind: "sqlite", path: join(folder.path, "server.db") },
    listen: { host: "127.0.0.1", port: 0 },
    version: "1",
    log: silentLog,
    policy,
  });
  try {
    const { access, store } = server.core;
    const { id } = await access.accounts.create({
      name: "Anna",
      password: "correct horse 77 staple",
      role: "admin",
      labels: null,
    });
    const expiresAt = null;
    const { token } = await access.apiTokens.make(id, { name: "t", scopes: ["*:admin"], expiresAt });
    await insertWorker(store.db, worker);
    const submit = async (): Promise<string> => await refusalOf(server.api.address.port, token);
    expect(await submit()).toBe("NOT_ENTITLED");
    const write = async () => await refusalOf(server.api.address.port, token, "PUT", "/api/worker-configs/c1");
    expect(await write()).toBe("NOT_ENTITLED");
    await writeFile(policy, "preset: catdv-like\n");
    // A lone container: the body is looked at now, and it is none.
    await eventually(submit).toBe("REQUEST_INVALID");
    expect(await write()).not.toBe("NOT_ENTITLED");
    const ready = async () => await textOf(await asked(server.api.address.port, "GET", "/readyz"));
    expect(await ready()).toBe("ok\n");
    await writeFile(policy, "preset: opne\n");
    await eventually(ready).toContain("the policy file is bad");
    expect(await submit()).toBe("REQUEST_INVALID");
  } finally {
    await server.close();
  }
});

const worker = {
  ...{ id: "w-1", name: "w1", node: "w1", public_key: "k", machine_id: "m", instance: null, mode: "cloud" },
  ...{ version: "1", labels: "{}", state: "online", cause: "registered", state_since: 1, epoch: 1, created_at: 1 },
  ...{ seen_at: null, reported_address: null, observed_address: null, configured_address: null },
  ...{ cloneable: 0, enrolment_id: "e" },
};

/** The code with which a submission of nothing is refused, or anything else without a body. */
async function refusalOf(
  port: number,
  token: string,
  method = "POST",
  path = "/api/workers/w1/units",
): Promise<string> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  return (JSON.parse(await textOf(await asked(port, method, path, headers))) as { code: string }).code;
}

async function asked(port: number, method: string, path: string, headers = {}): Promise<IncomingMessage> {
  const sent = request({ host: "127.0.0.1", port, path, method, rejectUnauthorized: false, headers });
  sent.end(method === "GET" ? undefined : "{}");
  return ((await once(sent, "response")) as [IncomingMessage])[0];
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of answer) text += String(chunk);
  return text;
}
