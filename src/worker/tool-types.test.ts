import { describe, expect, test } from "vitest";
import { configurationIn } from "../../test/kit/configuration.ts";
import { tempFolder } from "../../test/kit/temp-folder.ts";
import { directiveFaults, directivesFrom } from "./configuration/directives.ts";
import { configurationFrom, type WorkerConfiguration } from "./configuration/effective.ts";
import { capabilitiesOf } from "./service/capabilities.ts";
import { toolTypesOf } from "./tool-types.ts";

const readFile = (path: string): string => {
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

const typesOf = async (document: object) => toolTypesOf(directivesFrom(await values(document), { readFile }));
const faultsOf = async (document: object) => directiveFaults(await values(document), { readFile });

describe("the tools of a configuration", () => {
  test("are closed unless they are named", async () => {
    expect(await typesOf({})).toEqual([]);
    expect(await typesOf({ tools: {} })).toEqual([]);
  });

  test("have private networks, every interface and filter, and budgets, unless more is said", async () => {
    const [capture, ...more] = await typesOf({ tools: { capture: {} } });
    expect(more).toEqual([]);
    expect(capture).toMatchObject({
      ...{ kind: "tool", workType: "capture", maxUnits: 8, verifySignature: false, own: [] },
      policy: {
        targets: ["private"],
        interfaces: ["any"],
        filters: { allow: "any", named: {} },
        budget: { seconds: 300 },
      },
    });
  });

  test("`all` is every tool that no other section is about, a command of that name among them", async () => {
    const types = await typesOf({
      workTypes: [{ worktype: "ping", command: "ping" }],
      tools: { tcp: { maxrate: 5 }, all: { targets: ["any"] } },
    });
    expect(types.map(({ workType }) => workType).toSorted((a, b) => a.localeCompare(b))).toEqual([
      "capture",
      "dns",
      "http",
      "portscan",
      "tcp",
      "tls",
      "traceroute",
    ]);
    const byName = new Map(types.map((type) => [type.workType, type.policy]));
    expect(byName.get("tcp")).toMatchObject({ targets: ["private"], budget: { probesPerSecond: 5 } });
    expect(byName.get("dns")?.targets).toEqual(["any"]);
  });

  test("leave out of captures whom the worker's roads lead to", async () => {
    const server = { urls: ["https://farm.example:8443", "http://[::1]"] };
    const roads = [{ kind: "ws" }, { kind: "tcp", address: "farm.example:7001" }];
    const [type] = await typesOf({ server, roads, tools: { capture: {} } });
    expect(type?.own).toEqual(["farm.example:8443", "[::1]:80", "farm.example:7001"]);
  });

  test("are told when the worker registers", async () => {
    const workTypes = [{ worktype: "run", command: "sh" }];
    expect(capabilitiesOf(await values({ workTypes, tools: { dns: {} } }))).toEqual(["run", "dns"]);
    expect(capabilitiesOf(await values({ tools: { all: {} } }))).toContain("traceroute");
  });

  test.each([
    [{ scan: {} }, "/tools/scan", /worktype/],
    [{ capture: { interfaces: ["-i"] } }, "/tools/capture/interfaces", /-i is no interface/],
    [{ capture: { filters: { a: "(tcp" } } }, "/tools/capture/filters", /a \) is missing/],
    [{ capture: { requiredfilter: "tcp) or (udp" } }, "/tools/capture/requiredfilter", /too many/],
    [{ dns: { targets: ["10.0.0.0/40"] } }, "/tools/dns/targets", /is no host/],
    [{ dns: { maxrate: 0 } }, "/tools/dns/maxrate", /maxrate/],
    [{ dns: { command: "id" } }, "/tools/dns/command", /command/],
    [{ capture: { verifysignature: true } }, "/tools/capture/verifysignature", /public key/],
  ])("%j has a fault at %s", async (tools, path, reason) => {
    expect(await faultsOf({ tools })).toMatchObject([{ path, reason: expect.stringMatching(reason) }]);
  });
});
