import { expect, test } from "vitest";
import { RemoteError } from "#fleet";
import { apiKit, type TestApi } from "../../../test/kit/api.ts";

const kit = apiKit();

const status = {
  ...{ state: "registered", mode: "system", version: "1", nodeId: "n", user: "farhand", pid: 7, startedAtMs: 1 },
  ...{ uptimeSeconds: 1, pending: [], switches: { watchers: true, monitors: true, workers: true }, passwordSet: false },
  ...{ units: {}, helpers: 0, workTypes: [], meshAddresses: [] },
};
const values = { "/api/enabled": false, "/api/port": 8889, "/remoteAccess/roles": { admin: "admin" } };
const effective = {
  values: Object.entries(values).map(([path, value]) => {
    return { path, value, source: "default", fixed: null, applies: "live" };
  }),
  pending: [],
};
const findings = [{ check: "disk", kind: "fail", says: "only 3 MiB are free", cure: "free some space" }];
const answers: Readonly<Record<string, unknown>> = {
  "worker.status": status,
  "config.effective": effective,
  "worker.doctor": { findings },
};

/** What an admin is told of a worker that answers so. */
async function hintsOf(api: TestApi, query: string, answer: (method: string) => unknown) {
  const worker = await api.worker("w1");
  api.lines.answer = ({ method }) => answer(method);
  const { id } = await api.user("root", "admin");
  const { token } = await api.access.apiTokens.make(id, { name: "t", scopes: ["*:admin"], expiresAt: null });
  const auth = { authorization: `Bearer ${token}` };
  return (await api.ask("GET", `/api/workers/${worker}/hints${query}`, { auth })).json;
}

test("CAT-114: the server says what is fine, and adds what the worker's own doctor found", async () => {
  await using api = await kit.open();
  const told = await hintsOf(api, "", (method) => answers[method]);
  expect(told).toMatchObject({ way: "server", findings });
  expect(told).not.toHaveProperty("first");
});

test("CAT-114: it points at the first thing that is in trouble on the way that is wanted, and says who can change it", async () => {
  await using api = await kit.open();
  const told = await hintsOf(api, "?way=password", (method) => answers[method]);
  expect(told["first"]).toBe("is the API enabled?");
  const trouble = { state: "trouble", cure: expect.stringContaining("/api/enabled"), who: "who may configure it" };
  expect(told["hints"]).toContainEqual(expect.objectContaining(trouble));
});

test("CAT-114: a worker that refuses says so in its own words; one of an older version answers what it knows", async () => {
  await using api = await kit.open();
  const refusal = "this worker gives nothing to these roles; its owner can: remoteAccess.roles";
  const refuse = (): never => {
    throw new RemoteError({ code: "LEVEL_TOO_LOW", message: refusal, status: 403 });
  };
  const told = await hintsOf(api, "", refuse);
  expect(told["first"]).toBe("may you look at it?");
  expect(told["hints"]).toContainEqual(expect.objectContaining({ says: refusal }));
  await using older = await kit.open();
  const without = await hintsOf(older, "", (method) => (method === "worker.doctor" ? refuse() : answers[method]));
  expect(without).not.toHaveProperty("findings");
  expect(without).not.toHaveProperty("first");
});

test("CAT-114: one that is not there is not asked, and its state is told with the cause", async () => {
  await using api = await kit.open();
  const worker = await api.worker("gone");
  await api.store.db.updateTable("worker").set({ state: "lost" }).where("id", "=", worker).execute();
  const { auth } = await api.user("root", "admin");
  const { token } = await api.access.apiTokens.make((await api.user("r2", "admin")).id, {
    ...{ name: "t", scopes: ["*:monitor"] as const, expiresAt: null },
  });
  const told = await api.ask("GET", `/api/workers/${worker}/hints`, { auth: { authorization: `Bearer ${token}` } });
  expect(told.json).toMatchObject({ first: "is the service running?" });
  expect(api.lines.asked).toEqual([]);
  // As all that goes to workers, it needs the connection that a session opens first.
  expect((await api.ask("GET", `/api/workers/${worker}/hints`, { auth })).json.code).toBe("HANDLE_REFUSED");
});
