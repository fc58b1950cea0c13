import { copyFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { freshBuild } from "../../kit/daemon.ts";
import type { MeshPlan } from "../../kit/mesh-plan.ts";
import { type ProcessMesh, type ProcessNode, startMesh } from "../../kit/mesh.ts";
import { describeWithReceptorctl } from "../../kit/receptorctl.ts";
import { writeSigningKeys } from "../../kit/signing-keys.ts";
import { hasState, remoteIdOf, submit, untilGone, untilUnit } from "./remote-unit.ts";

/** Key files are read when they are used, so each test lays its own where the settings point. */
const plan: MeshPlan = {
  nodes: {
    foo: { sections: `- work-signing: {privatekey: "{shared}/signing.pem", tokenexpiration: 5m}` },
    bar: {
      sections: `
- work-verification: {publickey: "{shared}/verifying.pem"}
- work-command: {worktype: signed, command: cat, verifysignature: true}
- work-command: {worktype: wait, command: sleep, params: "600", verifysignature: true}
- work-command: {worktype: open, command: cat}
`,
    },
  },
  roads: [{ kind: "tcp", from: "bar", to: "foo" }],
};

beforeAll(freshBuild);

/** Receptor specification §8.3, item 34, and §2.8. */
describeWithReceptorctl("signed work", () => {
  let mesh: ProcessMesh;
  let foo: ProcessNode;
  const file = (name: string) => join(mesh.shared, name);
  const refusal = async (...words: string[]) => {
    const { code, stderr } = await foo.ctl("work", "submit", "--node", "bar", "-l", "x", ...words);
    return code === 0 ? "not refused" : stderr;
  };
  const layKeys = (shared: string) => {
    copyFileSync(join(shared, "ours.pem"), join(shared, "signing.pem"));
    copyFileSync(join(shared, "ours.pub.pem"), join(shared, "verifying.pem"));
  };
  beforeAll(async () => {
    const prepare = async (shared: string) => {
      writeSigningKeys(shared, "ours");
      writeSigningKeys(shared, "foreign");
      layKeys(shared);
    };
    mesh = await startMesh(plan, { prepare });
    foo = mesh.node("foo");
    await mesh.converged();
  });
  beforeEach(() => layKeys(mesh.shared));
  afterAll(() => mesh?.[Symbol.asyncDispose]());

  test("with the right key is done, and its results come", async () => {
    const output = await foo.ctl("work", "submit", "signed", "--node", "bar", "-l", "by name", "--signwork", "-f");
    expect(output).toMatchObject({ code: 0, stdout: "by name\n" });
  });

  test("is cancelled and released with signatures of its node", async () => {
    const id = await submit(foo, "wait", "--node", "bar", "-n", "--signwork");
    const remoteId = await remoteIdOf(foo, id);
    expect((await foo.ctl("work", "cancel", id)).code).toBe(0);
    await untilUnit(mesh.node("bar"), remoteId, hasState("Canceled"));
    expect((await foo.ctl("work", "release", id)).code).toBe(0);
    await untilGone(mesh.node("bar"), remoteId);
  });

  test("with a key that bar does not know is refused", async () => {
    copyFileSync(file("foreign.pem"), file("signing.pem"));
    expect(await refusal("signed", "--signwork")).toContain(
      "could not verify signature: crypto/rsa: verification error",
    );
  });

  test("without a signature is refused", async () => {
    expect(await refusal("signed")).toContain("could not verify signature: signature is empty");
  });

  test("a signature for a type that wants none is refused", async () => {
    expect(await refusal("open", "--signwork")).toContain("work type did not expect a signature");
  });

  test.each([
    ["is missing", () => rmSync(file("signing.pem"))],
    ["is no key", () => writeFileSync(file("signing.pem"), "-----BEGIN OPENSSH PRIVATE KEY-----\n")],
  ])("whose signing key %s is refused where it is submitted", async (_how, spoil) => {
    spoil();
    expect(await refusal("signed", "--signwork")).toContain("could not load signing key file");
  });

  test.each([
    ["is missing", () => rmSync(file("verifying.pem"))],
    ["is no key", () => writeFileSync(file("verifying.pem"), "ssh-rsa AAAA")],
  ])("whose verifying key %s is refused where it should run", async (_how, spoil) => {
    spoil();
    expect(await refusal("signed", "--signwork")).toContain("could not load verifying key file");
  });
});
