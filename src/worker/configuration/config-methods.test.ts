import { expect, test } from "vitest";
import { type JsonObject, silentLog } from "#core";
import { type Caller, dispatch, methodTable } from "#fleet";
import { configurationIn, given, isSet } from "../../../test/kit/configuration.ts";
import { type TempFolder, tempFolder } from "../../../test/kit/temp-folder.ts";
import { configurationMethods } from "./config-methods.ts";
import { FileConfiguration } from "./file-configuration.ts";

/** What the tests look at of results. */
interface Answer {
  readonly document: { readonly server: { readonly enrolmentToken: unknown } };
  readonly values: unknown[];
  readonly keys: unknown[];
}

const manager: Caller = { name: "anna", level: "configure", carrier: "fleet", session: "s1" };

async function served(folder: TempFolder) {
  const configuration = await FileConfiguration.open(configurationIn(folder));
  const table = methodTable(
    configurationMethods({ configuration, connectionOf: ({ caller }) => caller.session ?? caller.carrier }),
  );
  const call = async (method: string, params: JsonObject = {}, caller = manager) => {
    const request = { id: "1", method, params, signal: new AbortController().signal };
    return (await dispatch(table, request, caller, silentLog)) as { result: Answer };
  };
  return { table, call, configuration };
}

test("a manager with the level edits the worker's own file, from afar (CAT-71)", async () => {
  await using folder = await tempFolder();
  const { call, configuration } = await served(folder);
  const document = { identity: { name: "w" }, server: { urls: ["https://s"], enrolmentToken: given("token") } };
  expect(await call("config.validate", { document })).toEqual({ result: { faults: [], warnings: [] } });
  const written = await call("config.put", { document, ifMatch: 0, comment: "first" });
  expect(written).toMatchObject({ result: { version: 1, pending: [], confirmBefore: expect.any(Number) as number } });
  const { result: got } = await call("config.get", {}, { ...manager, level: "monitor" });
  expect(got).toMatchObject({ place: { kind: "file" }, version: 1, state: "good", provisional: { version: 1 } });
  expect(got.document.server.enrolmentToken).toEqual(isSet);
  expect(await call("config.history")).toMatchObject({ result: { versions: [{ author: "anna", comment: "first" }] } });
  const { result: effective } = await call("config.effective");
  expect(effective.values).toContainEqual(expect.objectContaining({ path: "/identity/name", source: "file" }));
  const { result: schema } = await call("config.schema");
  expect(schema.keys).toContainEqual(expect.objectContaining({ path: "/identity/name", env: "WORKER_NAME" }));
  configuration.close();
});

test("what is stale, faulty or not confirmed is refused with its code (CAT-72, CAT-75, CAT-76)", async () => {
  await using folder = await tempFolder();
  const { call, configuration } = await served(folder);
  const document = { identity: { name: "w" } };
  await call("config.put", { document, ifMatch: 0 });
  expect(await call("config.put", { document, ifMatch: 0 })).toMatchObject({ fault: { code: "CONFIG_STALE" } });
  const compared = await call("config.compare", { document: { identity: { name: "v" } }, base: 0 });
  expect(compared).toMatchObject({ result: { version: 1, changes: [{ path: "/identity", conflict: true }] } });
  const faulty = await call("config.put", { document: { nonsense: 1 }, ifMatch: 1 });
  expect(faulty).toMatchObject({ fault: { code: "CONFIG_REFUSED", message: "/nonsense: there is no such key" } });
  expect(await call("config.put", { document })).toMatchObject({ fault: { code: "PARAMS_INVALID" } });
  expect(await call("config.confirm", { version: 1 })).toMatchObject({ fault: { code: "CONFIG_NOT_CONFIRMED" } });
  expect(await call("config.confirm", { version: 1 }, { ...manager, session: "s2" })).toEqual({ result: {} });
  expect(await call("config.rollback", { version: 1, ifMatch: 1 })).toMatchObject({ result: { version: 2 } });
  configuration.close();
});

test("reading needs the level monitor, and writing configure", async () => {
  await using folder = await tempFolder();
  const { table, configuration } = await served(folder);
  const of = (level: string) => [...table.values()].filter((each) => each.method.level === level);
  const names = (level: string) => of(level).map(({ method }) => method.name);
  expect(names("monitor")).toEqual(["config.get", "config.schema", "config.effective", "config.history"]);
  const writing = ["config.validate", "config.compare", "config.put", "config.rollback", "config.confirm"];
  expect(names("configure")).toEqual(writing);
  configuration.close();
});
