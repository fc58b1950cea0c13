import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshBuild } from "../../kit/daemon.ts";
import type { MeshPlan } from "../../kit/mesh-plan.ts";
import { type ProcessMesh, type ProcessNode, startMesh } from "../../kit/mesh.ts";
import { startProcess } from "../../kit/processes.ts";
import { describeWithReceptorctl, receptorctlPath } from "../../kit/receptorctl.ts";
import { hasState, remoteIdOf, submit, unitsOf, untilGone, untilUnit } from "./remote-unit.ts";

/** The two files of Receptor's manual. The units of `echoint` wait for a word of the test before they go on. */
const plan: MeshPlan = {
  nodes: {
    foo: {},
    bar: {
      sections: `
- work-command: {worktype: echoint, command: bash, params: "-c 'for i in {1..5}; do echo $i; sleep 0.3; done'"}
- work-command: {worktype: steps, command: bash, allowruntimeparams: true,
    params: "-c 'for i in 1 2 3; do until test -e $0.$i; do sleep 0.05; done; echo $i; done'"}
- work-command: {worktype: wait, command: sleep, params: "600"}
`,
    },
  },
  roads: [{ kind: "tcp", from: "bar", to: "foo" }],
};

const soon = () => AbortSignal.timeout(60_000);
beforeAll(freshBuild);

describeWithReceptorctl("foo with a tcp-listener, bar with a tcp-peer and work types", () => {
  let mesh: ProcessMesh;
  let foo: ProcessNode;
  let bar: ProcessNode;
  beforeAll(async () => {
    mesh = await startMesh(plan);
    [foo, bar] = [mesh.node("foo"), mesh.node("bar")];
    await mesh.converged();
  });
  afterAll(() => mesh?.[Symbol.asyncDispose]());

  test("work submit --node bar -f prints the output of the unit on bar", async () => {
    const output = await foo.ctl("work", "submit", "echoint", "--node", "bar", "-n", "-f");
    expect(output).toMatchObject({ code: 0, stdout: "1\n2\n3\n4\n5\n" });
  });

  test("-f prints each line as it is written, not only at the end", async () => {
    const gate = `${mesh.shared}/gate`;
    await using follower = await foo.startCtl("work", "submit", "steps", "--node", "bar", "-n", "-f", gate);
    for (const step of ["1", "2", "3"]) {
      // The unit can only go on once the line before was seen at the far end of the mesh.
      writeFileSync(`${gate}.${step}`, "");
      expect(await follower.line(new RegExp(`^${step}$`), soon())).toBe(step);
    }
    expect((await follower.ended).code).toBe(0);
    expect(follower.stdout()).toBe("1\n2\n3\n");
  });

  test("status names the neighbour, its services and its work types", async () => {
    expect(await foo.status()).toMatchObject({
      NodeID: "foo",
      Connections: [{ NodeID: "bar", Cost: 1 }],
      RoutingTable: { bar: "bar" },
      KnownConnectionCosts: { foo: { bar: 1 }, bar: { foo: 1 } },
    });
    expect((await bar.status()).Connections).toEqual([{ NodeID: "foo", Cost: 1 }]);
    const { stdout } = await foo.ctl("status");
    expect(stdout).toMatch(/^bar +control +Stream .*{'type': 'Control Service'}/m);
    expect(stdout).toMatch(/^bar +echoint, steps, wait$/m);
  });

  test("ping and traceroute reach bar", async () => {
    expect(await foo.ctl("ping", "bar", "--count", "2", "--delay", "0")).toMatchObject({ code: 0 });
    expect((await foo.ctl("traceroute", "bar")).stdout).toMatch(/^0: foo in \S+\n1: bar in \S+\n$/);
  });

  test("connect joins a terminal to a service of bar", async () => {
    // The client insists on a terminal; script(1) gives it one.
    const command = `${receptorctlPath} --socket ${foo.socket} connect bar control`;
    await using terminal = await startProcess("script", ["-qec", command, "/dev/null"], { stdin: "open" });
    await terminal.line(/^Receptor Control, node bar\s*$/, soon());
    terminal.child.stdin?.write("ping foo\n");
    expect(await terminal.line(/"Success"/, soon())).toContain(`"From":"foo"`);
  });

  test("connect keeps its own line apart from what follows: a client may read that line by a buffer of its own", async () => {
    const socket = createConnection(foo.socket).setEncoding("utf8");
    socket.write("connect bar control\n");
    const pieces: string[] = [];
    while (!pieces.join("").includes("node bar\n")) pieces.push(((await once(socket, "data")) as [string])[0]);
    socket.destroy();
    expect(pieces.join("")).toBe("Receptor Control, node foo\nConnecting\nReceptor Control, node bar\n");
    expect(pieces.at(-1)).toBe("Receptor Control, node bar\n");
  });

  test("work list shows the remote unit on foo and the unit itself on bar", async () => {
    const id = await submit(foo, "echoint", "--node", "bar", "-n", "--ttl", "1h");
    const remoteId = await remoteIdOf(foo, id);
    await untilUnit(foo, id, hasState("Succeeded"));
    expect((await unitsOf(foo))[id]).toMatchObject({
      ...{ WorkType: "remote", State: 2, Detail: "exit status 0", StdoutSize: 10 },
      ExtraData: {
        ...{ RemoteNode: "bar", RemoteWorkType: "echoint", RemoteParams: {}, RemoteUnitID: remoteId },
        ...{ RemoteStarted: true, LocalCancelled: false, LocalReleased: false, SignWork: false, TLSClient: "" },
        Expiration: expect.stringMatching(/^20\d\d-.*Z$|^20\d\d-.*[+-]\d\d:\d\d$/),
      },
    });
    expect((await unitsOf(bar))[remoteId]).toMatchObject({ WorkType: "echoint", State: 2, StdoutSize: 10 });
  });

  test.each([
    ["cancel", "Cancelled", "cancel pending"],
    ["release", "Released", "release pending"],
  ])("work %s waits, visibly, while bar is down, and reaches it when it is back", async (word, title, waits) => {
    const id = await submit(foo, "wait", "--node", "bar", "-n");
    const remoteId = await remoteIdOf(foo, id);
    await bar.stop("SIGKILL");
    const { stdout } = await foo.ctl("work", word, id);
    expect(stdout).toBe(`${title}:\n(${id}, ${waits})\n`);
    const LocalReleased = word === "release";
    expect((await unitsOf(foo))[id]?.ExtraData).toMatchObject({ LocalCancelled: true, LocalReleased });
    await bar.start();
    await mesh.converged();
    await (word === "release" ? untilGone(bar, remoteId) : untilUnit(bar, remoteId, hasState("Canceled")));
    await (word === "release" ? untilGone(foo, id) : untilUnit(foo, id, hasState("Canceled")));
  });
});
