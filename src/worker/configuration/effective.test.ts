import { format, inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { silentLog } from "#core";
import { configKeyPaths, ConfigDocument, configDefaults, configJsonSchema } from "#fleet";
import { configurationIn, given, isSet } from "../../../test/kit/configuration.ts";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { type Configured, configurationFrom, effectiveValues, type Sources } from "./effective.ts";
import { type Environment, takeEnvironment, variableNames } from "./environment.ts";
import { FileConfiguration } from "./file-configuration.ts";
import { secretSource } from "./secret-source.ts";

const machine = { hostName: "here", mode: "session", dataDir: "/data" } as const;
const password = "correct horse battery";
const files: Readonly<Record<string, string>> = { "/run/token": "from a file\n" };

function readFile(path: string): string {
  const text = files[path];
  if (text === undefined) throw new Error(`no ${path}`);
  return text;
}

function from(document: NonNullable<Sources["document"]>["document"], env: Environment = {}): Configured {
  const environment = takeEnvironment(env, readFile);
  return configurationFrom({
    machine,
    document: { source: "file", document },
    environment,
    follow: secretSource(env, readFile),
  });
}

function good(configured: Configured) {
  if (configured.state !== "good") throw new Error(JSON.stringify(configured.faults));
  return configured.effective;
}

describe("sources, in order of weight (CAT-7)", () => {
  test("the environment goes before the file, and the file before defaults; each value says from where (CAT-8)", () => {
    const document = { identity: { name: "filed", labels: { a: "1" } }, helpers: { count: 3 } };
    const effective = good(from(document, { WORKER_NAME: "named" }));
    expect(effective.values).toMatchObject({ identity: { name: "named", labels: { a: "1" } }, helpers: { count: 3 } });
    const shown = effectiveValues(effective);
    expect(shown.map(({ path }) => path)).toEqual(configKeyPaths);
    const of = (path: string) => shown.find((value) => value.path === path);
    expect(of("/identity/name")).toMatchObject({ value: "named", source: "env:WORKER_NAME" });
    expect(of("/identity/name")?.fixed).toMatch(/^WORKER_NAME .+ has no effect until it is unset$/);
    expect(of("/helpers/count")).toMatchObject({ value: 3, source: "file", fixed: null, applies: "restart" });
    expect(of("/log/level")).toMatchObject({ value: "info", source: "default" });
  });

  test.each<[string, Environment, object]>([
    [
      "WORKER_SERVER_URL",
      { WORKER_SERVER_URL: "https://a, https://b" },
      { server: { urls: ["https://a", "https://b"] } },
    ],
    ["WORKER_LABELS", { WORKER_LABELS: "zone=a, size=" }, { identity: { labels: { zone: "a", size: "" } } }],
    ["WORKER_PUBLIC_URL", { WORKER_PUBLIC_URL: "https://p:1" }, { identity: { publicUrl: "https://p:1" } }],
    ["WORKER_LOG_LEVEL", { WORKER_LOG_LEVEL: "debug" }, { log: { level: "debug" } }],
    ["WORKER_ENTITLEMENT", { WORKER_ENTITLEMENT: "/e" }, { entitlement: "/e" }],
  ])("%s is on the published list", (_name, env, values) => {
    expect(good(from({}, env)).values).toMatchObject(values);
  });

  test.each([
    ["WORKER_API_ENABLED", "true", /^is not known \(what the environment may say is /],
    ["WORKER_NAEM", "x", /^is not known, did you mean WORKER_NAME\?/],
    ["WORKER_NAME_FILE", "/run/token", /^is no secret/],
    ["WORKER_LABELS", "zone", /k=v/],
    ["WORKER_NAME", "", /^is empty/],
    ["WORKER_LOG_LEVEL", "loud", /./],
    ["WORKER_TOKEN_FILE", "/nowhere", /cannot be read/],
  ])("%s=%s is a fault and not silence", (name, value, reason) => {
    const faults = [{ path: name, reason: expect.stringMatching(reason) as string }];
    expect(from({}, { [name]: value })).toEqual({ state: "misconfigured", faults });
  });

  test("what a variable breaks is not blamed on the file, and the other way round", () => {
    expect(from({}, { WORKER_SERVER_URL: "ftp://x" })).toMatchObject({ faults: [{ path: "WORKER_SERVER_URL" }] });
    const broken = from({ helpers: { count: 0 } }, { WORKER_NAME: "x" });
    expect(broken).toMatchObject({ faults: [{ path: "/helpers/count" }] });
  });
});

describe("secrets", () => {
  test("come from the environment or a file, and are gone from the environment then (CAT-106)", () => {
    const env: Environment = {
      WORKER_TOKEN_FILE: "/run/token",
      WORKER_PASSWORD: password,
      WORKER_USER: "u",
      OTHER: "x",
    };
    const { server } = good(from({}, env)).values;
    expect(server.enrolmentToken?.reveal()).toBe("from a file");
    expect(server.password?.reveal()).toBe(password);
    expect(env).toEqual({ WORKER_USER: "u", OTHER: "x" });
    const both = from({}, { WORKER_TOKEN: "x", WORKER_TOKEN_FILE: "/run/token" });
    expect(both).toMatchObject({ faults: [{ path: "WORKER_TOKEN_FILE", reason: /given too/ }] });
  });

  test("may be references, which are followed here; one that leads nowhere is a fault", () => {
    const env: Environment = { MY_PROXY: "http://u:p@proxy" };
    const document = { server: { enrolmentToken: { $secret: "file:/run/token" }, proxy: { $secret: "env:MY_PROXY" } } };
    const { server } = good(from(document, env)).values;
    expect([server.enrolmentToken?.reveal(), server.proxy?.reveal()]).toEqual(["from a file", "http://u:p@proxy"]);
    expect(env).toEqual({});
    const lost = from({ server: { proxy: { $secret: "env:NOWHERE" } } });
    expect(lost).toMatchObject({ faults: [{ path: "/server/proxy", reason: /env:NOWHERE/ }] });
  });

  test("do not show, however a configuration is printed (CAT-125)", async () => {
    await using folder = await tempFolder();
    const secret = given(password);
    const document = {
      server: { urls: ["https://s"], proxy: password, enrolmentToken: secret, user: "u", password: secret },
      legacyPassword: { hash: secret },
      roads: [
        { kind: "amqp", url: `amqp://u:${password}@mq`, hub: "h" },
        { kind: "ws", header: `Authorization: ${password}` },
      ],
      workTypes: [{ worktype: "x", command: "cat", params: secret }],
    };
    const env = { WORKER_TOKEN: password };
    const environment = takeEnvironment(env, readFile);
    const effective = good(from(document, { WORKER_TOKEN: password }));
    const options = configurationIn(folder);
    const configuration = await FileConfiguration.open({ ...options, environment });
    await configuration.put({ document, ifMatch: 0 }, { name: "me", connection: "1", isRemote: false });
    const objects = [effective, effectiveValues(effective), environment, env, configuration, configuration.running];
    for (const object of [...objects, configuration.written, configuration.get(), configuration.effective()]) {
      const printed = [JSON.stringify(object), inspect(object, { depth: 20 }), format("%o %O", object, object)];
      expect(printed.join("\n")).not.toContain(password);
    }
    expect(effectiveValues(effective)).toContainEqual(
      expect.objectContaining({ path: "/legacyPassword/hash", value: isSet }),
    );
    silentLog.debug("all of it", { effective });
    configuration.close();
  });
});

describe("the document", () => {
  test("has a row for each key, and a default that its own schema takes", () => {
    const leaves = Object.entries(ConfigDocument.shape).flatMap(([name, schema]) => {
      const inner = "shape" in schema.unwrap() ? (schema.unwrap() as { shape: object }).shape : undefined;
      return inner ? Object.keys(inner).map((key) => `/${name}/${key}`) : [`/${name}`];
    });
    expect(leaves.sort()).toEqual([...configKeyPaths].sort());
    expect(from(withoutNull(configDefaults(machine)) as never).state).toBe("good");
  });

  test("has a schema for editors, and a published list of variables", () => {
    expect(configJsonSchema()).toMatchObject({ type: "object", additionalProperties: false });
    expect(variableNames).toContain("WORKER_SERVER_URL");
  });
});

/** A key that is not given has no null in it. */
function withoutNull(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_key, inner: unknown) => (inner === null ? undefined : inner)));
}
