import { readFileSync, statSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { silentLog } from "#core";
import { configurationIn, given } from "../../../test/kit/configuration.ts";
import { type TempFolder, tempFolder } from "../../../test/kit/temp-folder.ts";
import { CloudConfiguration, type CloudConfigurationOptions } from "./cloud-configuration.ts";

function options(folder: TempFolder, cacheFile?: string): CloudConfigurationOptions {
  return { ...configurationIn(folder), name: "web", cacheFile, log: silentLog };
}

const at = (version: number, document: object) => ({ version, document: document as never });

test("each sound version is taken, and says when it holds (CAT-79)", async () => {
  await using folder = await tempFolder();
  const cloud = await CloudConfiguration.open(options(folder));
  expect(cloud.written).toMatchObject({ state: "good" });
  expect(await cloud.offer(at(1, { remoteAccess: { roles: { a: "monitor" } } }))).toEqual({
    outcome: "applied",
    version: 1,
  });
  expect(cloud.running?.values.remoteAccess.roles).toEqual({ a: "monitor" });
  const drain = { remoteAccess: { roles: { a: "monitor" } }, workTypes: [{ worktype: "x" }] };
  expect(await cloud.offer(at(2, drain))).toEqual({ outcome: "pending", version: 2, applies: "drain" });
  const restart = { ...drain, helpers: { count: 2 } };
  expect(await cloud.offer(at(3, restart))).toEqual({ outcome: "pending", version: 3, applies: "restart" });
  const roles = cloud.effective().values.find(({ path }) => path === "/remoteAccess/roles");
  expect(roles?.source).toBe("cloud:web@3");
  expect(cloud.get()).toMatchObject({ place: { kind: "cloud", name: "web" }, version: 3 });
});

test("secrets of a version do not show, wherever they stand (CAT-73)", async () => {
  await using folder = await tempFolder();
  const cloud = await CloudConfiguration.open(options(folder));
  const secret = given("hush-hush");
  const document = { server: { proxy: secret }, workTypes: [{ worktype: "x", params: secret }] };
  expect(await cloud.offer(at(1, document))).toMatchObject({ outcome: "pending" });
  expect(JSON.stringify([cloud.get(), cloud.effective(), cloud.running, cloud.written])).not.toContain("hush-hush");
});

test("a version that fails is not used, and the old one stays (CAT-9, CAT-79)", async () => {
  await using folder = await tempFolder();
  const refusing = async (): Promise<void> => {
    throw new Error("not that");
  };
  let apply: CloudConfigurationOptions["apply"] = async () => {};
  const cloud = await CloudConfiguration.open({ ...options(folder), apply: (...given) => apply(...given) });
  await cloud.offer(at(1, { remoteAccess: { roles: { a: "monitor" } } }));
  const failed = await cloud.offer(at(2, { helpers: { count: 0 } }));
  expect(failed).toMatchObject({ outcome: "failed", version: 2, reason: /^\/helpers\/count: / });
  apply = refusing;
  const unfit = await cloud.offer(
    at(3, { remoteAccess: { roles: { a: "monitor" } }, legacyPassword: { level: "operate" } }),
  );
  expect(unfit).toMatchObject({
    outcome: "failed",
    reason: "/legacyPassword/level: cannot be put into force: not that",
  });
  expect(cloud.get()).toMatchObject({ version: 1, state: "good" });
  expect(cloud.running?.values).toMatchObject({
    remoteAccess: { roles: { a: "monitor" } },
    legacyPassword: { level: "monitor" },
  });
});

test("the last one that worked is used until the server is there again; without a cache, the environment alone", async () => {
  await using folder = await tempFolder();
  const cache = folder.file("cache.json");
  const cloud = await CloudConfiguration.open(options(folder, cache));
  await cloud.offer(at(4, { remoteAccess: { roles: { b: "monitor" } } }));
  await cloud.offer(at(5, { nonsense: true }));
  expect(statSync(cache).mode & 0o777).toBe(0o600);
  const again = await CloudConfiguration.open(options(folder, cache));
  expect(again.running?.values.remoteAccess.roles).toEqual({ b: "monitor" });
  expect(again.get().version).toBe(4);
  const without = await CloudConfiguration.open(options(folder));
  expect(without.running?.values.remoteAccess.roles).toEqual({ admin: "admin", "*": "monitor" });
  writeFileSync(cache, readFileSync(cache, "utf8").replace("web", "another"));
  expect((await CloudConfiguration.open(options(folder, cache))).get().version).toBe(0);
});

test("is not edited here: whoever tries is told where (CAT-78)", async () => {
  await using folder = await tempFolder();
  const cloud = await CloudConfiguration.open(options(folder));
  await expect(cloud.put()).rejects.toMatchObject({ code: "CONFIG_ELSEWHERE", message: /server's configuration web/ });
  expect(() => cloud.history()).toThrow(/edit it there/);
  expect(await cloud.validate({ helpers: { count: 0 } })).toMatchObject({ faults: [{ path: "/helpers/count" }] });
});
