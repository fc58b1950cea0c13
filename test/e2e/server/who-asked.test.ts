import { expect, test } from "vitest";
import { eventually, type TestJson } from "../../kit/api.ts";
import { wholeServer } from "../../kit/whole-server.ts";

test("who cancelled a unit stands in the worker's log and the server's audit with one jti (CAT-63, CAT-121)", async () => {
  await using server = await wholeServer();
  const { workerId, logged } = await server.worker("shed");
  const ann = await server.user("ann", "operator");
  const { auth } = ann;
  const body = { workType: "sh", payload: "sleep 600" };
  const { json } = await server.ask("POST", `/api/workers/${workerId}/units`, { auth, body });
  const unit = String(json["unit"]);
  expect((await server.ask("POST", `/api/workers/${workerId}/units/${unit}/cancel`, { auth })).status).toBe(200);

  const line = logged.find(({ message }) => message.startsWith("units.cancel"));
  expect(line).toMatchObject({
    message: `units.cancel for ann (${ann.id})`,
    fields: { level: "operate", session: ann.session, source: "127.0.0.1", verdict: "done" },
  });
  const admin = await server.user("root", "admin");
  const rows = async (): Promise<readonly TestJson[]> =>
    (await server.ask("GET", "/api/audit?limit=500", { auth: admin.auth })).json.items;
  const detail = { method: "units.cancel", verdict: "done", jti: line?.fields["jti"], session: ann.session };
  await eventually(rows).toContainEqual(
    expect.objectContaining({
      ...{ actor: ann.id, action: "forward", subject: workerId },
      detail: expect.objectContaining(detail) as unknown,
    }) as unknown,
  );
  // Refused by the worker: both say so, of the same request.
  const viewer = await server.user("vic", "viewer");
  const refused = server.running.core.entitledLines.call(
    workerId,
    { method: "units.cancel", params: { unit } },
    {
      ...{ userId: viewer.id, name: "vic", roles: ["viewer"], level: "admin", methods: ["pwd"], loggedInAt: 1 },
      ...{ session: viewer.session },
    },
    AbortSignal.timeout(60_000),
  );
  await expect(refused).rejects.toMatchObject({ code: "LEVEL_TOO_LOW" });
  const no = logged.findLast(({ message }) => message.startsWith("units.cancel"));
  expect(no).toMatchObject({ message: `units.cancel for vic (${viewer.id})`, fields: { verdict: "LEVEL_TOO_LOW" } });
  const jti = no?.fields["jti"];
  const refusal = expect.objectContaining({ jti, verdict: "LEVEL_TOO_LOW" }) as unknown;
  await eventually(rows).toContainEqual(expect.objectContaining({ actor: viewer.id, detail: refusal }) as unknown);
});

test("CAT-63: who ordered a unit stands with it, under the jti of the server's audit", async () => {
  await using server = await wholeServer();
  const { workerId } = await server.worker("shed");
  const [ann, root] = [await server.user("ann", "operator"), await server.user("root", "admin")];
  const path = `/api/workers/${workerId}/units`;
  const wish = { workType: "sh", payload: "exit 0" };
  const asRoot = { ...wish, requestedBy: { user: "root", level: "admin" } };
  expect((await server.ask("POST", path, { auth: ann.auth, body: asRoot })).json.code).toBe("REQUEST_INVALID");

  const { json } = await server.ask("POST", path, { auth: ann.auth, body: wish });
  const shown = await server.ask("GET", `${path}/${String(json["unit"])}`, { auth: root.auth });
  const { requestedBy } = shown.json as unknown as { readonly requestedBy: { readonly request: string } };
  expect(requestedBy).toEqual({
    ...{ user: `ann (${ann.id})`, level: "operate", session: ann.session, source: "127.0.0.1" },
    request: expect.any(String) as string,
  });
  const rows = async (): Promise<readonly TestJson[]> =>
    (await server.ask("GET", "/api/audit?limit=500", { auth: root.auth })).json.items;
  const detail = expect.objectContaining({ method: "units.submit", jti: requestedBy.request }) as unknown;
  await eventually(rows).toContainEqual(expect.objectContaining({ actor: ann.id, detail }) as unknown);
});
