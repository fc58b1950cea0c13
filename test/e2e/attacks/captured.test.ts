import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { Registration } from "#fleet";
import { goodPassword, unbase32 } from "../../kit/access.ts";
import { eventually } from "../../kit/api.ts";
import { freshBuild, programs } from "../../kit/daemon.ts";
import { goesOn, hostileWorker } from "../../kit/hostile-worker.ts";
import { endMarkedProcesses, markedProcesses, processMark } from "../../kit/marked-processes.ts";
import { startProcess } from "../../kit/processes.ts";
import { tempFolder } from "../../kit/temp-folder.ts";
import { totpCode } from "../../kit/totp.ts";
import { wholeServer } from "../../kit/whole-server.ts";

beforeAll(freshBuild);

/** A secret as it could stand somewhere: its bytes, hex, base64 of both kinds. */
function spellings(secret: Buffer): Buffer[] {
  const texts = [secret.toString("hex"), secret.toString("base64").replaceAll("=", ""), secret.toString("base64url")];
  return [secret, ...texts.map((text) => Buffer.from(text)), Buffer.from(secret.toString("hex").toUpperCase())];
}

function hasAny(haystack: Buffer, secret: Buffer): boolean {
  return spellings(secret).some((spelling) => haystack.includes(spelling));
}

/** Every file under a folder. */
function filesUnder(folder: string): Buffer[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
    .map((path) => readFileSync(path));
}

test("a worker hears nothing of its user's login: no password, code, cookie, token or handle (CAT-44, CAT-45)", async () => {
  await using server = await wholeServer();
  const { core } = server.running;
  const { token: enrolment } = await core.enrolments.make({ name: "evil" }, "u1");
  await using worker = await hostileWorker(join(server.folder.path, "evil"), server.url, enrolment);
  await worker.converse();
  const registered = worker.received.length;
  worker.answer = () => ({ units: [] });
  worker.serve = (stream) => {
    goesOn(stream, { state: 2, stateName: "Succeeded", size: 5 });
    stream.end("hello");
  };

  // A whole login with a second factor, a cookie, a connection handle, an API token; each of them used.
  const { id } = await core.access.accounts.create({
    name: "ann",
    password: goodPassword,
    role: "admin",
    labels: null,
  });
  const { secret } = await core.access.factors.begin(id);
  await core.access.factors.confirm(id, totpCode(unbase32(secret), Date.now() - 30_000));
  const code = totpCode(unbase32(secret), Date.now());
  const { json } = await server.ask("POST", "/api/login", { body: { user: "ann", password: goodPassword, code } });
  const auth = { authorization: `Bearer ${json.token}` };
  const { connection } = await (await server.socket("/api/connection", auth)).next();
  const headers = {
    "x-connection": String(connection),
    cookie: `farhand_session=${json.token}`,
    "user-agent": "an agent",
  };
  const made = await server.ask("POST", "/api/me/tokens", { auth, body: { name: "t", scopes: ["*:admin"] } });
  const at = `/api/workers/${worker.membership.workerId}`;
  const asks = [
    () => server.ask("POST", `${at}/rpc`, { auth, headers, body: { method: "units.list", params: {} } }),
    () => server.ask("GET", `${at}/units`, { auth: { authorization: `Bearer ${made.json.token}` } }),
    () => server.ask("GET", `${at}/units/AbCd1234/output?follow=true`, { auth, headers }),
  ];
  for (const ask of asks) expect((await ask()).status).toBe(200);

  const heard = Buffer.concat(worker.received);
  const after = Buffer.concat(worker.received.slice(registered));
  // It has heard the requests, and who asks.
  expect(heard.toString()).toContain("units.list");
  expect(after.length).toBeGreaterThan(500);
  const texts = [goodPassword, secret, json.token, made.json.token, String(connection), "an agent"];
  for (const text of texts) expect(hasAny(heard, Buffer.from(text)), text).toBe(false);
  expect(after.toString().match(new RegExp(`\\b${code}\\b`))).toBeNull();
  // What assertions are signed with is not shown with them, nor is what it is made of (CAT-45).
  const forwardSecret = Buffer.from(worker.forwardSecret(), "base64url");
  expect(forwardSecret).toHaveLength(32);
  expect(hasAny(heard, forwardSecret)).toBe(false);
  const { key } = core.registry.keys.get(worker.membership.workerId);
  expect(hasAny(heard, Buffer.from(key))).toBe(false);
});

test("the secret of a worker is in no log, argv, environment, file, database or answer (CAT-35)", async () => {
  await using server = await wholeServer();
  await using home = await tempFolder();
  const { core } = server.running;
  const secrets: Buffer[] = [];
  const entrance = core.entrance as { register: typeof core.entrance.register };
  const { register } = entrance;
  entrance.register = (said: Registration, observed: string) => {
    secrets.push(Buffer.from(said.forwardSecret, "base64url"));
    return register.call(core.entrance, said, observed);
  };
  const env = {
    ...{
      HOME: home.path,
      XDG_CONFIG_HOME: home.file("c"),
      XDG_STATE_HOME: home.file("s"),
      XDG_RUNTIME_DIR: home.file("r"),
    },
    ...processMark(home.path),
  };
  const { token } = await core.enrolments.make({ name: "shed" }, "u1");
  const words = ["worker", "join", server.url, "--token-file", "-", "--session"];
  const worker = await startProcess(process.execPath, [programs.farhand, ...words], { env, input: token });
  try {
    const admin = await server.user("root", "admin");
    const workers = async () => (await server.ask("GET", "/api/workers", admin)).json.items;
    await eventually(async () => (await workers())[0]?.["state"]).toBe("online");
    const id = String((await workers())[0]?.["id"]);
    // Its units see what it has in its environment.
    const body = {
      workType: "run",
      payload: "env; cat /proc/self/environ /proc/$PPID/environ /proc/$PPID/cmdline 2>&1",
    };
    const { json } = await server.ask("POST", `/api/workers/${id}/units`, { ...admin, body });
    const output = await server.ask(
      "GET",
      `/api/workers/${id}/units/${String(json["unit"])}/output?follow=true`,
      admin,
    );

    // The enrolment's, and that of the registration since: each start has its own.
    expect(secrets.length).toBeGreaterThan(1);
    expect(secrets.every((secret) => secret.length === 32)).toBe(true);
    const processes = markedProcesses(home.path).flatMap((pid) => [`/proc/${pid}/environ`, `/proc/${pid}/cmdline`]);
    expect(processes.length).toBeGreaterThan(2);
    const answers = await Promise.all(
      ["/api/workers", `/api/workers/${id}`, "/api/audit?limit=500", "/api/enrolments", "/metrics"].map((path) =>
        server.ask("GET", path, admin),
      ),
    );
    const places: Readonly<Record<string, Buffer[]>> = {
      "the worker's log": [Buffer.from(worker.stdout() + worker.stderr())],
      "the server's log": [Buffer.from(JSON.stringify(server.logged))],
      processes: processes.map((path) => readFileSync(path)),
      "a unit": [Buffer.from(output.text)],
      "the worker's files": filesUnder(home.path),
      "the server's files": filesUnder(server.folder.path),
      answers: answers.map(({ text }) => Buffer.from(text)),
    };
    for (const [place, texts] of Object.entries(places)) {
      expect(texts.length, place).toBeGreaterThan(0);
      for (const secret of secrets)
        expect(
          texts.some((text) => hasAny(text, secret)),
          place,
        ).toBe(false);
    }
  } finally {
    await worker.stop("SIGTERM");
    endMarkedProcesses(home.path);
  }
});
