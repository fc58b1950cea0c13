import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { controlOver, type JsonObject, openControlListener } from "#control";
import { silentLog } from "#core";
import { openMesh, tlsProfiles } from "#mesh";
import { duplexPair } from "../../test/kit/cable.ts";
import { nodeCommands } from "./node-commands.ts";

const notAfter = new Date("2030-01-31T00:00:00Z");

/** A node without neighbours; its commands are those of a daemon. */
async function open() {
  const mesh = openMesh({ nodeId: "alpha", log: silentLog, tls: tlsProfiles(noProfiles) });
  const profiles = { expiries: () => [{ kind: "server" as const, profile: "mine", notAfter }] };
  const roads = [
    { description: "tcp-listener 0.0.0.0:0", addresses: ["[::]:2222"], sessions: 2, problem: undefined },
    { description: "tcp-peer hub:1", addresses: [], sessions: 0, problem: "nobody listens there" },
  ];
  const listener = await openControlListener({
    onMesh: true,
    nodeId: "alpha",
    commands: nodeCommands({ mesh, version: "1.2.3", profiles, roads: () => roads }),
    log: silentLog,
  });
  mesh.listen("control", {
    tags: { type: "Control Service" },
    accept: (stream) => listener.serve(stream, "mesh"),
  });
  const client = () => {
    const [near, far] = duplexPair();
    listener.serve(far, "mesh");
    return controlOver(near, "a test");
  };
  const call = async (request: string | JsonObject) => {
    const control = await client();
    try {
      return await control.call(request);
    } finally {
      control.close();
    }
  };
  const close = async () => {
    await listener.close();
    await mesh.close();
  };
  return { client, call, [Symbol.asyncDispose]: close };
}

const noProfiles = { servers: new Map(), clients: new Map(), log: silentLog };

let node: Awaited<ReturnType<typeof open>>;
beforeAll(async () => {
  node = await open();
});
afterAll(() => node[Symbol.asyncDispose]());

describe("status", () => {
  test("answers exactly Receptor's eight keys", async () => {
    expect(await node.call("status")).toEqual({
      Version: "1.2.3",
      SystemCPUCount: expect.any(Number),
      SystemMemoryMiB: expect.any(Number),
      NodeID: "alpha",
      Connections: [],
      RoutingTable: {},
      Advertisements: [
        {
          NodeID: "alpha",
          Service: "control",
          Time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/),
          ConnType: 1,
          Tags: { type: "Control Service" },
          WorkCommands: null,
        },
      ],
      KnownConnectionCosts: {},
    });
  });

  test("tells the ends of certificates and the state of roads to those who ask", async () => {
    expect(await node.call({ command: "status", requested_fields: ["Certificates", "NodeID", "Roads"] })).toEqual({
      NodeID: "alpha",
      Roads: [
        { Road: "tcp-listener 0.0.0.0:0", Addresses: ["[::]:2222"], Sessions: 2 },
        { Road: "tcp-peer hub:1", Addresses: [], Sessions: 0, Problem: "nobody listens there" },
      ],
      Certificates: [{ Profile: "mine", Kind: "tls-server", NotAfter: "2030-01-31T00:00:00.000Z" }],
    });
  });

  test("answers the fields that were asked for, and drops unknown names", async () => {
    const ask = (requested_fields: unknown) => node.call({ command: "status", requested_fields });
    expect(await ask(["NodeID", "Version", "Nonsense"])).toEqual({ Version: "1.2.3", NodeID: "alpha" });
    expect(await ask([])).toEqual({});
  });

  test("refuses parameters and fields that are no names", async () => {
    await expect(node.call("status x")).rejects.toThrow("status command does not take parameters");
    for (const requested_fields of [[1], "NodeID", {}, [null]]) {
      await expect(node.call({ command: "status", requested_fields })).rejects.toThrow(
        "each element of requested_fields must be a string",
      );
    }
  });
});

describe("ping", () => {
  test("answers for the own node, and has no way to another", async () => {
    for (const target of ["alpha", "localhost"]) {
      expect(await node.call(`ping ${target}`)).toEqual({
        From: "alpha",
        Success: true,
        Time: expect.any(Number),
        TimeStr: expect.stringMatching(/^[\d.]+(ns|µs|ms|s)$/),
      });
    }
    expect(await node.call({ command: "ping", target: "beta gamma" })).toEqual({
      Error: "no route to node",
      Success: false,
    });
  });
});

describe("traceroute", () => {
  test("has the own node as hop 0", async () => {
    expect(await node.call("traceroute alpha")).toEqual({
      "0": { From: "alpha", Time: expect.any(Number), TimeStr: expect.any(String) },
    });
    const hops = await node.call("traceroute beta");
    expect(hops).toMatchObject({ "0": { From: "alpha" }, "1": { From: "alpha", Error: "no route to node" } });
    expect(hops["0"]).not.toHaveProperty("Error");
  });
});

describe.each(["ping", "traceroute"])("%s", (command) => {
  test("refuses a target that is missing or no text", async () => {
    await expect(node.call(command)).rejects.toThrow(`no ${command} target`);
    await expect(node.call({ command })).rejects.toThrow(`no ${command} target`);
    await expect(node.call({ command, target: 5 })).rejects.toThrow(`${command} target must be string`);
  });
});

describe("connect", () => {
  test.each(["connect localhost control", "connect alpha control "])("%j reaches the node itself", async (request) => {
    const control = await node.client();
    await control.callLine(request);
    const far = await controlOver(control.stream(), "a service", { expectNode: "alpha" });
    expect(await far.call("ping alpha")).toMatchObject({ Success: true });
    far.close();
  });

  test.each(["connect beta control", "connect beta control ", "connect beta control tls"])(
    "knows no way to another node: %j",
    async (request) => {
      await expect(node.call(request)).rejects.toThrow("no route to node beta");
    },
  );

  test("says so when a node has no such service", async () => {
    await expect(node.call("connect alpha nothing ")).rejects.toThrow(/service unknown/);
  });

  test("says so when there is no such profile", async () => {
    await expect(node.call("connect alpha control x")).rejects.toThrow("unknown TLS config x");
  });

  test.each([{}, { tls: "" }, { tls: "profile" }])("knows the JSON form with %j", async (about) => {
    const request = { command: "connect", node: "beta", service: "control", ...about };
    await expect(node.call(request)).rejects.toThrow("no route to node beta");
  });

  test.each([
    ["", "no connect target"],
    ["beta", "no connect target"],
    ["beta ", "no connect target"],
    ["a b c d", "too many parameters"],
    ["a b  ", "too many parameters"],
  ])("refuses %j: %s", async (rest, message) => {
    await expect(node.call(`connect ${rest}`)).rejects.toThrow(message);
  });

  test.each([
    [{}, "no connect target node"],
    [{ node: 1, service: "x" }, "connect target node must be string"],
    [{ node: "beta" }, "no connect target service"],
    [{ node: "beta", service: {} }, "connect target service must be string"],
    [{ node: "beta", service: "x", tls: 1 }, "connect tls name must be string"],
  ])("refuses %j: %s", async (request, message) => {
    await expect(node.call({ command: "connect", ...request })).rejects.toThrow(message);
  });
});
