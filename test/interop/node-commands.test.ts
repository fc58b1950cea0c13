import { expect, test } from "vitest";
import { onEveryRoad } from "./roads.ts";

const workTypes = `
- work-command: {worktype: cat, command: cat}
- work-command: {worktype: list, command: ls, allowruntimeparams: true}
`;

onEveryRoad("receptorctl asks about the node", workTypes, ({ ctl }) => {
  test("status prints the node, its services and its work types", async () => {
    const { code, stdout } = await ctl("status");
    expect(stdout).toMatch(/^Node ID: alpha$/m);
    expect(stdout).toMatch(/^Version: \S+$/m);
    expect(stdout).toMatch(/^System CPU Count: \d+$/m);
    expect(stdout).toMatch(/^System Memory MiB: \d+$/m);
    for (const service of ["control", "tcp", "tls"]) {
      expect(stdout).toMatch(new RegExp(`^alpha +${service} +Stream .*{'type': 'Control Service'}`, "m"));
    }
    expect(stdout).toMatch(/^alpha +cat, list$/m);
    expect(stdout).not.toContain("Additional data");
    expect(code).toBe(0);
  });

  test("status --json has exactly Receptor's eight keys", async () => {
    const status = JSON.parse((await ctl("status", "--json")).stdout) as Record<string, unknown>;
    expect(Object.keys(status).toSorted()).toEqual([
      "Advertisements",
      "Connections",
      "KnownConnectionCosts",
      "NodeID",
      "RoutingTable",
      "SystemCPUCount",
      "SystemMemoryMiB",
      "Version",
    ]);
    expect(status).toMatchObject({ NodeID: "alpha", Connections: [], RoutingTable: {}, KnownConnectionCosts: {} });
  });

  test.each(["alpha", "localhost"])("ping answers for %s, the node itself", async (node) => {
    const { code, stdout } = await ctl("ping", node, "--count", "2", "--delay", "0");
    expect(stdout).toMatch(/^(Reply from alpha in [\d.]+(ns|µs|ms|s)\n){2}$/);
    expect(code).toBe(0);
  });

  test("ping of a node nobody knows ends with 2", async () => {
    const { code, stderr } = await ctl("ping", "nowhere", "--count", "1");
    expect(stderr).toContain("no route to node");
    expect(code).toBe(2);
  });

  test.each(["alpha", "localhost"])(
    "work list --node %s goes through a connection to the node itself",
    async (node) => {
      const { code, stdout } = await ctl("work", "list", "--node", node);
      expect(JSON.parse(stdout)).toEqual(expect.any(Object));
      expect(code).toBe(0);
    },
  );

  test("traceroute to the node itself is one hop", async () => {
    const { code, stdout } = await ctl("traceroute", "alpha");
    expect(stdout).toMatch(/^0: alpha in [\d.]+(ns|µs|ms|s)\n$/);
    expect(code).toBe(0);
  });

  test("traceroute to a node nobody knows ends behind this one", async () => {
    const { stdout, stderr } = await ctl("traceroute", "nowhere");
    expect(stdout).toMatch(/^0: alpha in /);
    expect(stderr).toContain("1: Error no route to node from alpha");
  });

  test("version prints both versions, and a difference is a warning", async () => {
    const { code, stdout, stderr } = await ctl("version");
    expect(stdout).toMatch(/^receptorctl {2}\d\S+\nreceptor {5}\d\S+\n$/);
    expect(stderr).toContain("different versions");
    expect(code).toBe(0);
  });

  test("connect to a node nobody knows says so", async () => {
    const { code, stderr } = await ctl("connect", "nowhere", "control");
    expect(stderr).toContain("no route to node");
    expect(code).toBe(1);
  });

  test("reload of an unchanged file succeeds", async () => {
    expect(await ctl("reload")).toMatchObject({ code: 0, stdout: "Reload successful\n" });
  });
});
