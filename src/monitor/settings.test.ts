import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { tempFolder } from "../../test/kit/temp-folder.ts";
import { readSettingsFile } from "./settings-file.ts";

async function read(text: string) {
  await using folder = await tempFolder();
  writeFileSync(folder.file("config.yml"), text);
  return await readSettingsFile(folder.file("config.yml"));
}

const shipped = `
websocket_uri:
    - "127.0.0.1"
    - 4567
zeromq_uri:
    - "127.0.0.1"
    - 7894
logger:
    file: "/var/log/recodex/monitor.log"
    level: "debug"
    max-size: 1048576
    rotations: 3
`;

test("the original's defaults hold without a file, without the file that was named, and for an empty one (§3)", async () => {
  const original = {
    websocket_uri: ["127.0.0.1", 4567],
    zeromq_uri: ["127.0.0.1", 7894],
    logger: { file: "/tmp/recodex-monitor.log", level: "info", "max-size": 1_048_576, rotations: 3 },
  };
  expect((await readSettingsFile(undefined)).settings).toMatchObject(original);
  expect((await read("")).settings).toMatchObject(original);
  expect((await read("logger:\n  level: error\n")).settings.logger).toEqual({ ...original.logger, level: "error" });
  const { settings, warnings } = await readSettingsFile("/nowhere/config.yml");
  expect(settings).toMatchObject(original);
  expect(warnings).toEqual(["/nowhere/config.yml does not exist: the defaults are used"]);
});

test("the original's file means what it meant; ports may be texts, and names nobody knows are told", async () => {
  const { settings, warnings } = await read(shipped);
  expect(settings.logger).toEqual({
    file: "/var/log/recodex/monitor.log",
    level: "debug",
    "max-size": 1_048_576,
    rotations: 3,
  });
  expect(warnings).toEqual([]);
  const other = await read('zeromq_uri: ["*", "07894"]\nlogger: {levle: info}\nport: 1\n');
  expect(other.settings.zeromq_uri).toEqual(["*", 7_894]);
  expect(other.warnings.map((text) => text.split(": ")[1])).toEqual([
    "`logger.levle` means nothing",
    "`port` means nothing",
  ]);
});

test.each([
  ["websocket_uri: [127.0.0.1]", /websocket_uri/],
  ["zeromq_uri: [127.0.0.1, 65536]", /zeromq_uri/],
  ["zeromq_uri: [127.0.0.1, 1, 2]", /zeromq_uri/],
  ["websocket_uri: 127.0.0.1:4567", /websocket_uri/],
  ["logger: {level: DEBUG}", /logger\.level/],
  ["logger: {max-size: many}", /logger\.max-size: must be a size/],
  ["logger: {rotations: -1}", /logger\.rotations/],
  ["logger: 7", /logger/],
  ["channels: {keep-finished: 299}", /channels\.keep-finished/],
  ["viewers: {max-lag: 1kB, max: 0}", /viewers\.max.*\n.*viewers\.max-lag|viewers\.max-lag.*\n.*viewers\.max/s],
  ["- a list", /the file/],
  ["{", /config\.yml: /],
  ["a: 1\na: 2", /config\.yml: .*unique at line 2, column 1$/],
  ["a:\n\t- b", /config\.yml: Tabs are not allowed as indentation at line 2, column 1$/],
  ["logger: {level: info}\n---\nlogger: {level: error}", /a second `---` begins another document/],
])("%j is an error that names the key", async (text, message) => {
  const reading = read(text);
  await expect(reading).rejects.toMatchObject({
    code: "MONITOR_SETTINGS_INVALID",
    message: expect.stringMatching(message),
  });
});

test.each([
  ["websocket_uri: [127.0.0.1]", "websocket_uri: must be a host and a port, as [127.0.0.1, 4567]"],
  ["zeromq_uri: [127.0.0.1, 1, 2]", "zeromq_uri: must be a host and a port, as [127.0.0.1, 7894]"],
  ["zeromq_uri: 7894", "zeromq_uri: must be a host and a port, as [127.0.0.1, 7894]"],
  ["zeromq_uri: [1, 2]", "zeromq_uri: the host must be text"],
  ["zeromq_uri: [x, 65536]", "zeromq_uri: must be at most 65535"],
  ["logger: 7", "logger: must be keys with their values"],
  ["logger: {level: DEBUG}", "logger.level: must be one of debug, info, warning, error, critical"],
  ["logger: {file: ''}", "logger.file: must not be empty"],
  ["viewers: {max: 0}", "viewers.max: must be at least 1"],
  ["viewers: {max: 1.5}", "viewers.max: must be a whole number"],
  ["storage: {folder: true}", "storage.folder: must be a path, or false"],
  ["storage: {memory: [1]}", "storage.memory: must be a size such as 64MiB"],
  ["access: {metrics: 1, origins: x}", "access.origins: must be a list|access.metrics: must be true or false"],
])("%j is said in plain words", async (text, told) => {
  const failure: unknown = await read(text).catch((error: unknown) => error);
  const said = (failure as Error).message.split("\n").map((line) => line.replace(/^.*config\.yml: /, ""));
  expect(said).toEqual(told.split("|"));
});
