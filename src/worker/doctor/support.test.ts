import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { redactedText } from "./redacted-text.ts";
import { writeSupport } from "./support.ts";

const secrets = {
  token: "fh1.c2VjcmV0LXRva2VuLXdpdGgtbWFueS1iaXRz",
  proxy: "http://user:proxy-password@proxy:3128",
  hash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g",
  road: "amqp://u:road-password@mq",
  param: "--key=of-a-work-type",
};
/** What a scanner looks for: each secret, and the telling part of each. */
const scanned = [...Object.values(secrets), "proxy-password", "road-password", "c2FsdHNhbHQ", "env-password"];

test("the bundle says what somebody who helps needs, and holds no secret (CAT-118)", async () => {
  await using folder = await tempFolder();
  const places = {
    ...{ configFile: folder.file("worker.yaml"), configMode: 0o600, group: undefined, control: "/none/c.sock" },
    ...{ state: folder.file("state"), units: folder.file("units"), socket: folder.file("worker.sock") },
  };
  mkdirSync(places.state);
  const document = {
    server: { urls: ["https://127.0.0.1:1"], enrolmentToken: secrets.token, proxy: secrets.proxy },
    legacyPassword: { hash: { $secret: { value: secrets.hash } } },
    roads: [{ kind: "amqp", url: secrets.road, hub: "h" }],
    workTypes: [{ worktype: "x", command: "cat", params: { $secret: { value: secrets.param } } }],
  };
  writeFileSync(places.configFile, JSON.stringify(document), { mode: 0o600 });
  const log = async () =>
    `start\n${Object.values(secrets).join("\n")}\nbase64 ${Buffer.from(secrets.param).toString("base64")}\nend\n`;
  const env = { WORKER_USER: "u", WORKER_PASSWORD: "env-password" };
  const out = folder.file("support");
  const names = await writeSupport({ mode: "session", env, places, folder: out, log });
  expect(readdirSync(out).sort()).toEqual([...names].sort());
  expect(statSync(out).mode & 0o777).toBe(0o700);
  const all = names.map((name) => readFileSync(`${out}/${name}`, "utf8")).join("\n");
  for (const secret of scanned) expect(all).not.toContain(secret);
  expect(all).not.toContain(Buffer.from(secrets.param).toString("base64"));
  expect(readFileSync(`${out}/log.txt`, "utf8")).toMatch(/^start\n[^]*end\n$/);
  const configuration = JSON.parse(readFileSync(`${out}/configuration.json`, "utf8")) as { values: object[] };
  const password = { path: "/server/password", value: { $secret: "set" }, source: "env:WORKER_PASSWORD" };
  expect(configuration.values).toContainEqual(expect.objectContaining(password));
  expect(JSON.parse(readFileSync(`${out}/doctor.json`, "utf8"))).toContainEqual(
    expect.objectContaining({ check: "server port", kind: "fail" }),
  );
  expect(readFileSync(`${out}/versions.json`, "utf8")).toContain(process.versions.node);
  // Nothing is written over.
  await expect(writeSupport({ mode: "session", env, places, folder: out, log })).rejects.toMatchObject({
    code: "EEXIST",
  });
});

test("a configuration that cannot be read is told, and its text is not in the bundle", async () => {
  await using folder = await tempFolder();
  const places = {
    ...{ configFile: folder.file("worker.yaml"), configMode: 0o600, group: undefined, control: "/none/c.sock" },
    ...{ state: folder.file("state"), units: folder.file("units"), socket: folder.file("worker.sock") },
  };
  writeFileSync(places.configFile, `server: {enrolmentToken: hush-hush, nonsense: 1}\n`, { mode: 0o600 });
  const out = folder.file("support");
  await writeSupport({ mode: "session", env: {}, places, folder: out, log: async () => "" });
  const text = readFileSync(`${out}/configuration.json`, "utf8");
  expect(text).toContain("/server/nonsense");
  expect(text).not.toContain("hush-hush");
});

test.each([
  ["password=hunter2xyz", "password=[secret]"],
  ['{"token":"abcdef"}', '{"token":"[secret]"}'],
  ["Authorization: Bearer abc.def", "Authorization: [secret]"],
  ["wss://me:pw@host/mesh", "wss://[secret]@host/mesh"],
  ["-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "[secret]"],
  ["unit abc succeeded on host", "unit abc succeeded on host"],
])("%j becomes %j", (text, redacted) => {
  expect(redactedText(text, [])).toBe(redacted);
});
