import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshBuild } from "../../kit/daemon.ts";
import type { MeshPlan } from "../../kit/mesh-plan.ts";
import { type ProcessMesh, type ProcessNode, startMesh } from "../../kit/mesh.ts";
import { makeNodeAuthority } from "../../kit/node-certificates.ts";
import { describeWithReceptorctl } from "../../kit/receptorctl.ts";
import { hasState, remoteIdOf, submit, unitsOf, untilUnit } from "./remote-unit.ts";

/** `right` shows a certificate for foo, `wrong` one for another node, `stranger` one of an authority bar does not know. */
const profile = (name: string) => `
- tls-client: {name: ${name}, cert: "{shared}/${name}.crt", key: "{shared}/${name}.key", rootcas: "{shared}/ca.crt",
    skipreceptornamescheck: true}`;

const plan: MeshPlan = {
  nodes: {
    foo: { sections: profile("right") + profile("wrong") + profile("stranger") },
    bar: {
      controlTls: "bar",
      sections: `
- tls-server: {name: bar, cert: "{shared}/bar.crt", key: "{shared}/bar.key", requireclientcert: true,
    clientcas: "{shared}/ca.crt"}
- work-command: {worktype: echoint, command: bash, params: "-c 'for i in {1..5}; do echo $i; done'"}
`,
    },
  },
  roads: [{ kind: "tcp", from: "bar", to: "foo" }],
};

async function issueAll(shared: string): Promise<void> {
  const authority = await makeNodeAuthority(shared, "ca");
  await authority.issue("bar", ["bar"], "serverAuth");
  await authority.issue("right", ["foo"], "clientAuth");
  await authority.issue("wrong", ["somebody-else"], "clientAuth");
  const stranger = await makeNodeAuthority(shared, "other-ca");
  await stranger.issue("stranger", ["foo"], "clientAuth");
}

beforeAll(freshBuild);

/** Receptor specification §8.3, items 25, 26 and 40. */
describeWithReceptorctl("remote work over TLS streams", () => {
  let mesh: ProcessMesh;
  let foo: ProcessNode;
  let bar: ProcessNode;
  const toBar = (name: string) => ["echoint", "--node", "bar", "-n", "--tls-client", name];
  beforeAll(async () => {
    mesh = await startMesh(plan, { prepare: issueAll });
    [foo, bar] = [mesh.node("foo"), mesh.node("bar")];
    await mesh.converged();
  });
  afterAll(() => mesh?.[Symbol.asyncDispose]());

  test("with the right certificate and a ttl it is done, and the results are whole", async () => {
    const output = await foo.ctl("work", "submit", ...toBar("right"), "--ttl", "10h", "-f");
    expect(output).toMatchObject({ code: 0, stdout: "1\n2\n3\n4\n5\n" });
  });

  test.each([
    ["of another node", "wrong"],
    ["of an authority bar does not know", "stranger"],
  ])("with a certificate %s it fails, and is released at once without bar", async (_whose, name) => {
    const before = await unitsOf(bar);
    const { stdout, stderr } = await foo.ctl("work", "submit", ...toBar(name));
    const id = /Unit ID: (\w+)/.exec(stdout)?.[1] ?? Object.keys(await unitsOf(foo)).at(-1) ?? stderr;
    const unit = await untilUnit(foo, id, hasState("Failed"));
    expect(unit.Detail).toMatch(/^TLS error connecting to remote service: /);
    expect(await unitsOf(bar)).toEqual(before);
    expect((await foo.ctl("work", "release", id)).stdout).toBe(`Released:\n(${id}, released)\n`);
    expect(existsSync(foo.unitFile(id))).toBe(false);
  });

  test("without a profile it does not reach a service that wants one", async () => {
    const id = await submit(foo, "echoint", "--node", "bar", "-n").catch(String);
    const units = Object.entries(await unitsOf(foo)).filter(([key]) => id.includes(key));
    expect(units.every(([, { ExtraData }]) => ExtraData?.RemoteStarted === false)).toBe(true);
  });

  test("params that begin with secret_ are on the disk, and in no answer", async () => {
    const secrets = ["-a", "secret_token=hush", "-a", "SECRET_Key=hush too", "-a", "open=yes"];
    const id = await submit(foo, ...toBar("right"), ...secrets);
    const remoteId = await remoteIdOf(foo, id);
    const { stdout } = await foo.ctl("work", "list");
    expect((await unitsOf(foo))[id]?.ExtraData?.RemoteParams).toEqual({ open: "yes" });
    expect(stdout).not.toContain("hush");
    expect((await foo.ctl("work", "status", id)).stdout).not.toContain("hush");
    expect(readFileSync(foo.unitFile(id, "status"), "utf8")).toContain("hush too");
    expect((await bar.ctl("work", "list", "--unit_id", remoteId)).stdout).not.toContain("hush");
  });
});
