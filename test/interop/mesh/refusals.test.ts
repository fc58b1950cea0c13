import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshBuild } from "../../kit/daemon.ts";
import type { MeshPlan } from "../../kit/mesh-plan.ts";
import { type ProcessMesh, type ProcessNode, startMesh } from "../../kit/mesh.ts";
import { describeWithReceptorctl } from "../../kit/receptorctl.ts";
import { ask } from "./raw-session.ts";
import { unitsOf } from "./remote-unit.ts";

const plan: MeshPlan = {
  nodes: {
    foo: {},
    bar: {
      sections: `
- work-command: {worktype: echo, command: echo, allowruntimeparams: true}
- work-command: {worktype: fixed, command: echo}
`,
    },
  },
  roads: [{ kind: "tcp", from: "bar", to: "foo" }],
};

beforeAll(freshBuild);

/** Receptor specification §8.3, items 33, 39 and 41. */
describeWithReceptorctl("requests through the mesh", () => {
  let mesh: ProcessMesh;
  let foo: ProcessNode;
  beforeAll(async () => {
    mesh = await startMesh(plan);
    foo = mesh.node("foo");
    await mesh.converged();
  });
  afterAll(() => mesh?.[Symbol.asyncDispose]());

  test("runtime params reach a type that allows them", async () => {
    const output = await foo.ctl(
      "work",
      "submit",
      "echo",
      "--node",
      "bar",
      "-n",
      "-f",
      "--rm",
      "-a",
      "params=it worked!",
    );
    expect(output.stdout).toMatch(/^it worked!\n\(\w+, released\)\n$/);
  });

  test("runtime params are refused by a type that does not", async () => {
    const { code, stderr } = await foo.ctl("work", "submit", "fixed", "--node", "bar", "-n", "-a", "params=it worked!");
    expect(stderr).toContain("extra params provided but not allowed");
    expect(code).not.toBe(0);
    expect(await unitsOf(mesh.node("bar"))).toEqual({});
    const [id = "no unit"] = Object.keys(await unitsOf(foo));
    expect((await unitsOf(foo))[id]).toMatchObject({ StateName: "Failed" });
    expect((await foo.ctl("work", "release", id)).code).toBe(0);
  });

  test.each([
    ["an unknown type", ["nosuch"], "unknown work type nosuch"],
    ["an unknown TLS profile", ["echo", "--node", "bar", "--tls-client", "absent"], "unknown TLS config absent"],
    [
      "secrets without TLS",
      ["echo", "--node", "bar", "-a", "secret_x=1"],
      "cannot send secrets over a non-TLS connection",
    ],
    ["a ttl that is none", ["echo", "--node", "bar", "--ttl", "60d"], "60d"],
  ])("%s is refused and leaves no unit", async (_name, words, message) => {
    const { code, stderr } = await foo.ctl("work", "submit", "-n", ...words);
    expect(stderr).toContain(message);
    expect(code).not.toBe(0);
    expect(await unitsOf(foo)).toEqual({});
    const data = join(foo.place, "data", "foo");
    expect(readdirSync(data).filter((name) => /^[a-zA-Z0-9]{8}$/.test(name))).toEqual([]);
  });

  test.each([
    ["work cancel", "work cancel requires a unit ID"],
    ["work release", "work release requires a unit ID"],
    ["work force-release", "work force-release requires a unit ID"],
    ["work status", "work status requires a unit ID"],
    ["work results", "work results requires a unit ID"],
    ["work cancel a b", "work cancel does not take parameters after the unit ID"],
    ["work results a 1 2", "work results only takes a unit ID and optional start position"],
    ["work results a x", "error converting start position to integer"],
    [`{"command": "work", "subcommand": "status"}`, "field unitid missing"],
    [`{"command": "work", "subcommand": "cancel", "unitid": 1}`, "field unitid must be a string"],
    ["work status Ab3dEf9h", "unknown work unit Ab3dEf9h"],
    ["work cancel Ab3dEf9h", "unknown work unit Ab3dEf9h"],
    ["work release Ab3dEf9h", "unknown work unit Ab3dEf9h"],
  ])("%s to bar: %s", async (request, message) => {
    const [connecting, banner, answer] = await ask(foo, "connect bar control", request);
    expect([connecting, banner]).toEqual(["Connecting", "Receptor Control, node bar"]);
    expect(answer).toContain(`ERROR: ${message}`);
  });
});
