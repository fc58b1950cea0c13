import { describe, expect, test } from "vitest";
import type { ControlSession } from "#control";
import { nodeCommands } from "./node-commands.ts";

const facts = {
  nodeId: "alpha",
  version: "1.2.3",
  services: ["control", "other"],
  workCommands: () => [{ WorkType: "echo", Secure: false }],
  serve: () => undefined,
};
// None of these commands looks at its session.
const session = {} as ControlSession;

function command(name: string, about: Partial<typeof facts> = {}) {
  const found = nodeCommands({ ...facts, ...about }).find((one) => one.name === name);
  if (!found) throw new Error(`there is a command ${name}`);
  return {
    text: async (rest: string) => found.run(found.parseText(rest), session),
    json: async (request: object) => found.run(found.parseJson({ command: name, ...request }), session),
  };
}

describe("status", () => {
  test("answers exactly Receptor's eight keys", async () => {
    expect(await command("status").text("")).toEqual({
      Version: "1.2.3",
      SystemCPUCount: expect.any(Number),
      SystemMemoryMiB: expect.any(Number),
      NodeID: "alpha",
      Connections: [],
      RoutingTable: {},
      Advertisements: facts.services.map((Service) => ({
        NodeID: "alpha",
        Service,
        Time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        ConnType: 1,
        Tags: { type: "Control Service" },
        WorkCommands: [{ WorkType: "echo", Secure: false }],
      })),
      KnownConnectionCosts: {},
    });
  });

  test("advertises null where no work type is offered", async () => {
    const reply = (await command("status", { workCommands: () => [] }).text("")) as Record<string, unknown>;
    expect(reply["Advertisements"]).toMatchObject([{ WorkCommands: null }, { WorkCommands: null }]);
  });

  test("answers the fields that were asked for, and drops unknown names", async () => {
    const ask = (requested_fields: unknown) => command("status").json({ requested_fields });
    expect(await ask(["NodeID", "Version", "Nonsense"])).toEqual({ Version: "1.2.3", NodeID: "alpha" });
    expect(await ask([])).toEqual({});
  });

  test("refuses parameters and fields that are no names", async () => {
    await expect(command("status").text("x")).rejects.toThrow("status command does not take parameters");
    for (const requested_fields of [[1], "NodeID", {}, [null]]) {
      await expect(command("status").json({ requested_fields })).rejects.toThrow(
        "each element of requested_fields must be a string",
      );
    }
  });
});

describe("ping", () => {
  test("answers for the own node, and has no way to another", async () => {
    for (const node of ["alpha", "localhost"]) {
      expect(await command("ping").text(node)).toEqual({
        From: "alpha",
        Success: true,
        Time: expect.any(Number),
        TimeStr: expect.stringMatching(/^[\d.]+(ns|µs|ms|s)$/),
      });
    }
    expect(await command("ping").json({ target: "beta gamma" })).toEqual({ Error: "no route to node", Success: false });
  });
});

describe("traceroute", () => {
  test("has the own node as hop 0", async () => {
    expect(await command("traceroute").text("alpha")).toEqual({
      "0": { From: "alpha", Time: expect.any(Number), TimeStr: expect.any(String) },
    });
    expect(await command("traceroute").json({ target: "beta" })).toMatchObject({
      "0": { From: "alpha" },
      "1": { Error: "no route to node" },
    });
  });
});

describe.each(["ping", "traceroute"])("%s", (name) => {
  test("refuses a target that is missing or no text", async () => {
    await expect(command(name).text("")).rejects.toThrow(`no ${name} target`);
    await expect(command(name).json({})).rejects.toThrow(`no ${name} target`);
    await expect(command(name).json({ target: 5 })).rejects.toThrow(`${name} target must be string`);
  });
});

describe("connect", () => {
  test.each(["beta control", "beta control ", "beta control tls"])("has no way to another node: %j", async (rest) => {
    await expect(command("connect").text(rest)).rejects.toMatchObject({
      code: "NO_ROUTE",
      message: "no route to node beta: this worker is not part of a mesh",
    });
  });

  test("says so when this node has no such service", async () => {
    await expect(command("connect").text("alpha nothing ")).rejects.toMatchObject({ code: "SERVICE_UNKNOWN" });
  });

  test.each([{}, { tls: "" }, { tls: "profile" }])("knows the JSON form with %j", async (about) => {
    await expect(command("connect").json({ node: "beta", service: "control", ...about })).rejects.toMatchObject({
      code: "NO_ROUTE",
    });
  });

  test.each([
    ["", "no connect target"],
    ["beta", "no connect target"],
    ["beta ", "no connect target"],
    ["a b c d", "too many parameters"],
    ["a b  ", "too many parameters"],
  ])("refuses %j: %s", async (rest, message) => {
    await expect(command("connect").text(rest)).rejects.toMatchObject({ code: "REQUEST_INVALID", message });
  });

  test.each([
    [{}, "no connect target node"],
    [{ node: 1, service: "x" }, "connect target node must be string"],
    [{ node: "beta" }, "no connect target service"],
    [{ node: "beta", service: {} }, "connect target service must be string"],
    [{ node: "beta", service: "x", tls: 1 }, "connect tls name must be string"],
  ])("refuses %j: %s", async (request, message) => {
    await expect(command("connect").json(request)).rejects.toMatchObject({ code: "REQUEST_INVALID", message });
  });
});
