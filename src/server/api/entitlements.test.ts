import { expect, test } from "vitest";
import { apiKit } from "../../../test/kit/api.ts";
import { entitledServer } from "../../../test/kit/entitled-server.ts";
import { silentLog } from "#core";
import { join } from "node:path";
import { testServerId } from "../../../test/kit/issuer.ts";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { openStore } from "../store/store.ts";

const kit = apiKit();

test("CAT-98: admins enter entitlements and take them away; who looks on sees them, without the signature", async () => {
  await using folder = await tempFolder();
  await using store = await openStore({ kind: "sqlite", path: join(folder.path, "s.db") }, silentLog);
  await using all = await entitledServer(kit, store, "preset: catdv-like");
  const { api, issuer } = all;
  const [admin, viewer] = [await api.user("root", "admin"), await api.user("vera", "viewer")];
  const text = issuer.sign({ limits: { "workers.max": 7 } });
  const entered = await api.ask("POST", "/api/entitlements", { auth: admin.auth, body: { text } });
  const seen = { id: "acme-1", holder: "Acme Ltd.", state: "in force", endsSoon: false, source: "entered" };
  expect(entered).toMatchObject({ status: 200, json: { ...seen, limits: { "workers.max": 7 } } });
  const list = await api.ask("GET", "/api/entitlements", { auth: viewer.auth });
  expect(list.json).toMatchObject({
    serverId: testServerId,
    faults: [expect.stringContaining("ENOENT")],
    items: [seen],
  });
  expect(list.text).not.toContain("fhe1.");
  expect((await api.ask("GET", "/metrics", { auth: await metricsToken(api, admin.id) })).text).toMatch(
    /^farhand_entitlement_end_timestamp_seconds\{id="acme-1"\} \d{10}/m,
  );
  const forbidden = await api.ask("POST", "/api/entitlements", { auth: viewer.auth, body: { text } });
  expect(forbidden.json.code).toBe("LEVEL_TOO_LOW");
  const strange = await api.ask("POST", "/api/entitlements", { auth: admin.auth, body: { text: `${text}A` } });
  expect(strange.json.code).toBe("ENTITLEMENT_REFUSED");
  expect((await api.ask("DELETE", "/api/entitlements/acme-1", { auth: admin.auth })).status).toBe(204);
  const again = await api.ask("DELETE", "/api/entitlements/acme-1", { auth: admin.auth });
  expect(again.json.code).toBe("ENTITLEMENT_NOT_FOUND");
});

async function metricsToken({ access }: Awaited<ReturnType<typeof entitledServer>>["api"], userId: string) {
  const { token } = await access.apiTokens.make(userId, { name: "m", scopes: ["*:monitor"], expiresAt: null });
  return { authorization: `Bearer ${token}` };
}
