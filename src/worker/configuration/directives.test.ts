import { createServer } from "node:net";
import { chmodSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { makeCertificates } from "../../../test/kit/certificates.ts";
import { configurationIn } from "../../../test/kit/configuration.ts";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { directivesOf } from "../settings/mod.ts";
import { directiveFaults, directivesFrom, memberSections } from "./directives.ts";
import { configurationFrom, type WorkerConfiguration } from "./effective.ts";
import { liveWarnings } from "./live-checks.ts";

const noFile = (path: string): string => {
  throw Object.assign(new Error("none"), { code: "ENOENT", path });
};

async function values(document: object): Promise<WorkerConfiguration> {
  await using folder = await tempFolder();
  const { machine, environment, follow } = configurationIn(folder);
  const source = { source: "file", document: document as never } as const;
  const configured = configurationFrom({ machine, document: source, environment, follow });
  if (configured.state !== "good") throw new Error(JSON.stringify(configured.faults));
  return configured.effective.values;
}

const server = { urls: ["https://one/base/", "http://[::1]:8080"] };
const sections = async (document: object, readFile = noFile) =>
  directivesFrom(await values(document), { controlSocket: "/run/c.sock", readFile });

describe("the daemon's settings of a configuration", () => {
  test("node, log, work types and control socket", async () => {
    const workTypes = [
      { worktype: "echo", command: "cat", maxruntime: "5m", envallow: ["PATH"] },
      { kind: "python", worktype: "p", plugin: "m", function: "f" },
    ];
    const limits = { retentionAge: "24h", retentionCount: 5, retentionBytes: "1GiB" };
    const directives = await sections({ identity: { name: "w1" }, dataDir: "/d", limits, workTypes });
    expect(directivesOf(directives, "node")[0]?.values).toMatchObject({
      id: "w1",
      datadir: "/d",
      stub: false,
      retentionage: 86_400_000,
      retentioncount: 5,
      retentionbytes: 2 ** 30,
    });
    expect(directivesOf(directives, "log-level")[0]?.values).toMatchObject({ level: "info", format: "json" });
    expect(directivesOf(directives, "control-service")[0]?.values).toMatchObject({ filename: "/run/c.sock" });
    const roads = [{ kind: "tcp", address: "hub:2222" }];
    const joined = await sections({ identity: { name: "w1" }, roads });
    expect(directivesOf(joined, "control-service")[0]?.values).toMatchObject({ service: "", filename: "/run/c.sock" });
    expect(directivesOf(directives, "work-command")[0]?.values).toMatchObject({ maxruntime: 300_000 });
    expect(directivesOf(directives, "work-python")[0]?.values).toMatchObject({ plugin: "m", function: "f" });
  });

  test("without roads a WebSocket to the server, at the first of its addresses that answers, as a stub", async () => {
    const directives = await sections({ server });
    const peers = directivesOf(directives, "ws-peer").map(({ values }) => [values.address, values.alternates]);
    expect(peers).toEqual([["wss://one/base/mesh", ["ws://[::1]:8080/mesh"]]]);
    expect(directivesOf(directives, "node")[0]?.values.stub).toBe(true);
  });

  test("roads of every kind, with the server's pin and authorities", async () => {
    const pin = `sha256:${"ab".repeat(32)}`;
    const roads = [
      { kind: "ws", url: "wss://other/x", header: "X-A: b", cost: 1 },
      { kind: "http" },
      { kind: "tcp", address: "one:2222" },
      { kind: "amqp", url: "amqps://u:p@mq", hub: "hub1", prefix: "f" },
    ];
    const directives = await sections({
      server: { urls: ["https://one"], pin, caFile: "/ca.pem", name: "hub" },
      roads,
    });
    const profile = { name: "farhand-server", rootcas: "/ca.pem", pinnedservercert: ["ab".repeat(32)] };
    expect(directivesOf(directives, "tls-client")[0]?.values).toMatchObject({ ...profile, insecureskipverify: false });
    const tls = "farhand-server";
    expect(directivesOf(directives, "ws-peer")[0]?.values).toMatchObject({ extraheader: "X-A: b", cost: 1, tls });
    expect(directivesOf(directives, "http-peer")[0]?.values).toMatchObject({ url: "https://one/mesh/http", tls });
    expect(directivesOf(directives, "tcp-peer")[0]?.values).toMatchObject({ allowedpeers: ["hub"], tls });
    expect(directivesOf(directives, "amqp-peer")[0]?.values).toMatchObject({ hub: "hub1", url: "amqps://u:p@mq" });
  });

  test("a road at another cost is refused with the reason: the server would take no link over it", async () => {
    for (const cost of [2, 0.5]) {
      const refused = sections({ server: { urls: ["https://one"] }, roads: [{ kind: "http" }, { kind: "ws", cost }] });
      await expect(refused).rejects.toThrow(
        /"\/roads\/1\/cost","reason":"must be 1 or left out: all roads of a server/,
      );
    }
  });

  test("an address of a road's own port needs no path: the mesh is at /mesh there", async () => {
    const roads = [
      { kind: "ws", url: "wss://one:7002" },
      { kind: "http", url: "https://one:7003/" },
      { kind: "http", url: "https://one/far/mesh" },
    ];
    const directives = await sections({ server: { urls: ["https://one"] }, roads });
    expect(directivesOf(directives, "ws-peer").map(({ values }) => values.address)).toEqual(["wss://one:7002/mesh"]);
    expect(directivesOf(directives, "http-peer").map(({ values }) => values.url)).toEqual([
      "https://one:7003/mesh",
      "https://one/far/mesh",
    ]);
  });

  test("for a worker that is a server's: what is its own, its roads with the membership's profile, and its node's limits", async () => {
    const document = {
      server: { urls: ["https://one"] },
      roads: [{ kind: "ws" }, { kind: "tcp", address: "one:1" }, { kind: "amqp", url: "amqp://mq" }],
      helpers: { count: 2 },
      workTypes: [{ worktype: "echo", command: "cat", params: { $secret: { value: "-u" } } }],
    };
    expect(memberSections(await values(document), { profile: "fleet", hub: "h", readFile: noFile })).toEqual({
      node: { helpers: 2 },
      sections: [
        { "log-level": { level: "info", format: "json" } },
        { "work-command": { worktype: "echo", command: "cat", params: "-u" } },
      ],
      roads: [
        { "ws-peer": { address: "wss://one/mesh", redialmax: "5m", allowedpeers: ["h"], tls: "fleet" } },
        { "tcp-peer": { address: "one:1", allowedpeers: ["h"], tls: "fleet" } },
        { "amqp-peer": { url: "amqp://mq", hub: "h", allowedpeers: ["h"] } },
      ],
    });
  });

  test("a pin alone is enough", async () => {
    const directives = await sections({ server: { urls: ["https://one"], pin: "cd".repeat(32) } });
    const profile = { insecureskipverify: true, pinnedservercert: ["cd".repeat(32)] };
    expect(directivesOf(directives, "tls-client")[0]?.values).toMatchObject(profile);
  });

  test("an included Receptor file counts too; of its node, what the document does not say", async () => {
    const file = [
      "- node: {id: other, firewallrules: [{action: reject, fromnode: evil}], maxidleconnectiontimeout: 1m}",
      "- log-level: debug",
      "- tcp-peer: {address: hub:2222}",
    ].join("\n");
    const directives = await sections({ identity: { name: "w1" }, files: ["/etc/receptor.conf"] }, () => file);
    const nodes = directivesOf(directives, "node").map((node) => node.values);
    expect(nodes).toHaveLength(1);
    expect(nodes[0]).toMatchObject({
      id: "w1",
      maxidleconnectiontimeout: 60_000,
      firewallrules: [{ fromnode: "evil" }],
    });
    expect(directivesOf(directives, "log-level")).toHaveLength(1);
    expect(directivesOf(directives, "tcp-peer")).toHaveLength(1);
  });

  test.each([
    [
      "/workTypes/1/comand",
      {
        workTypes: [
          { worktype: "a", command: "b" },
          { worktype: "c", command: "d", comand: "e" },
        ],
      },
    ],
    ["/workTypes/0/command", { workTypes: [{ worktype: "a" }] }],
    ["/workTypes/0/maxruntime", { workTypes: [{ worktype: "a", command: "b", maxruntime: "soon" }] }],
    ["/roads/0/address", { roads: [{ kind: "tcp", address: "nowhere" }] }],
    ["/roads/0/url", { roads: [{ kind: "amqp", url: "http://u:pw@x", hub: "h" }] }],
    ["/roads/0/hub", { roads: [{ kind: "amqp", url: "amqp://x" }] }],
    ["/limits/retentionAge", { limits: { retentionAge: "long" } }],
    ["/identity/name", { identity: { name: "localhost" } }],
    ["/files/0", { files: ["/nowhere"] }],
  ])("a fault is at %s of the document", async (path, document) => {
    const faults = directiveFaults(await values(document), { readFile: noFile });
    expect(faults).toEqual([{ path, reason: expect.any(String) as string }]);
    expect(JSON.stringify(faults)).not.toContain("pw");
  });
});

describe("live checks (CAT-76, third depth)", () => {
  const warningsOf = async (document: object) => await liveWarnings(await values(document));

  test("find nothing wrong where nothing is", async () => {
    await using folder = await tempFolder();
    await using listener = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => listener.once("listening", resolve));
    const { port } = listener.address() as { port: number };
    const workTypes = [{ worktype: "a", command: "cat", workdir: folder.path }];
    const document = { dataDir: folder.file("units"), workTypes, server: { urls: [`http://127.0.0.1:${port}`] } };
    expect(await warningsOf(document)).toEqual([]);
  });

  test("name key and file of what is", async () => {
    await using folder = await tempFolder();
    writeFileSync(folder.file("plain"), "no certificate");
    chmodSync(folder.file("plain"), 0o644);
    const { server, client } = await makeCertificates(folder.path);
    const document = {
      dataDir: folder.file("plain/units"),
      server: { caFile: folder.file("plain"), urls: ["http://127.0.0.1:1"] },
      api: { cert: server.cert, key: client.key },
      workTypes: [
        { worktype: "a", command: "no-such-program" },
        { worktype: "b", command: "cat", workdir: folder.file("none") },
      ],
    };
    const warnings = await warningsOf(document);
    expect(warnings.map(({ path }) => path)).toEqual([
      "/dataDir",
      "/server/caFile",
      "/api/key",
      "/workTypes/1/workdir",
      "/workTypes/0/command",
      "/server/urls/0",
    ]);
  });
});
