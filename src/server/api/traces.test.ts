import { describe, expect, test } from "vitest";
import { RemoteError } from "#fleet";
import { apiKit, type TestApi, type TestUser } from "../../../test/kit/api.ts";
import { ServerError } from "../errors.ts";

const kit = apiKit();
const status = { method: "worker.status", params: {} };

/** An admin who traces, and somebody whose requests are refused. */
async function traced(api: TestApi) {
  const admin = await api.user("root", "admin");
  const user = await api.user("ann", "operator");
  const worker = await api.worker("w1");
  const { connection } = await (await api.socket("/api/connection", user.auth)).next();
  const path = `/api/users/${user.id}/sessions/${user.session}/trace`;
  const trace = async () => (await api.ask("GET", path, { auth: admin.auth })).json["lines"] as readonly object[];
  const rpc = (who: TestUser, body: object, handle = String(connection)) =>
    api.ask("POST", `/api/workers/${worker}/rpc`, { auth: who.auth, headers: { "x-connection": handle }, body });
  return { admin, user, worker, path, trace, rpc, connection: String(connection) };
}

describe("a trace of one session (CAT-119)", () => {
  test("names step, verdict and code of what is refused, and holds no secret", async () => {
    await using api = await kit.open();
    const { admin, user, path, trace, rpc, connection } = await traced(api);
    await rpc(user, status, "a".repeat(43));
    expect((await api.ask("PUT", path, { auth: admin.auth })).json["until"]).toBe(api.access.clock.at + 600_000);
    expect(await trace()).toEqual([]);

    await rpc(user, status, "a".repeat(43));
    expect((await trace()).at(-1)).toMatchObject({ step: 3, point: "connection", code: "HANDLE_REFUSED" });
    await rpc(user, { method: "worker.stop", params: {} });
    expect((await trace()).at(-1)).toMatchObject({ step: 5, point: "level", code: "LEVEL_TOO_LOW" });
    api.lines.answer = () => {
      throw new ServerError("EPOCH_UNKNOWN", "no key");
    };
    await rpc(user, status);
    expect((await trace()).at(-1)).toMatchObject({ step: 1, point: "worker's secret", code: "EPOCH_UNKNOWN" });
    api.lines.answer = () => {
      throw new ServerError("WORKER_UNREACHABLE", "away");
    };
    await rpc(user, status);
    expect((await trace()).at(-1)).toMatchObject({ step: 5, point: "forward", code: "WORKER_UNREACHABLE" });
    api.lines.answer = () => {
      throw new RemoteError({ code: "LEVEL_TOO_LOW", message: "no", status: 403 });
    };
    await rpc(user, status);
    expect((await trace()).slice(-2)).toMatchObject([
      { step: 5, point: "forward", verdict: "passed", about: "worker.status" },
      { step: 6, point: "worker", verdict: "refused", code: "LEVEL_TOO_LOW" },
    ]);
    const text = JSON.stringify(await trace());
    expect(text).not.toContain(user.token);
    expect(text).not.toContain(connection);
    const audit = (await api.ask("GET", "/api/audit?limit=500", { auth: admin.auth })).json.items;
    expect(audit).toContainEqual(expect.objectContaining({ action: "session.trace", subject: user.session }));
  });

  test("follows a request through all steps when nothing refuses it, and no other session", async () => {
    await using api = await kit.open();
    const { admin, user, worker, path, trace } = await traced(api);
    await api.ask("PUT", path, { auth: admin.auth });
    api.lines.answer = () => ({ units: [] });
    expect((await api.ask("GET", `/api/workers/${worker}/units`, user)).status).toBe(200);
    await api.ask("GET", `/api/workers/${worker}/units`, admin);
    const lines = (await trace()) as readonly { step: number; point: string; verdict: string; about?: string }[];
    expect(lines.map(({ step, point }) => `${step} ${point}`)).toEqual([
      ...["2 session", "3 connection", "4 request", "5 level"],
      ...["1 worker's secret", "5 forward", "6 worker"],
    ]);
    expect(lines.every(({ verdict }) => verdict === "passed")).toBe(true);
    expect(lines[2]?.about).toBe("GET /api/workers/:worker/units");
  });

  test("is off after ten minutes, or when it is switched off; and is the admins' alone", async () => {
    await using api = await kit.open();
    const { admin, user, path, trace } = await traced(api);
    const off = { status: 404, json: { code: "TRACE_OFF" } };
    expect(await api.ask("GET", path, admin)).toMatchObject(off);
    expect((await api.ask("PUT", path, user)).json.code).toBe("LEVEL_TOO_LOW");
    const unknown = `/api/users/${user.id}/sessions/nobodys/trace`;
    expect((await api.ask("PUT", unknown, admin)).json.code).toBe("SESSION_NOT_FOUND");
    await api.ask("PUT", path, admin);
    await api.ask("GET", "/api/me", user);
    const seen = (await trace()).length;
    expect(seen).toBeGreaterThan(0);
    api.access.clock.at += 600_000;
    await api.ask("GET", "/api/me", user);
    expect(await trace()).toHaveLength(seen);
    await api.ask("DELETE", path, admin);
    expect(await api.ask("GET", path, admin)).toMatchObject(off);
  });
});
