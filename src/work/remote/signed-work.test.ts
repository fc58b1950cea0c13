import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { silentLog } from "#core";
import { openMeshNode, TestMesh } from "../../../test/kit/remote.ts";
import { builtHelpers, ended, patience, quoted, shell, type Unit } from "../../../test/kit/units.ts";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { workCommand } from "../commands.ts";
import { openSignatures } from "../signature/signatures.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
beforeAll(builtHelpers);

const workTypes = [{ ...shell, verifySignature: true, cancelGraceMs: 500 }];

/** `alpha` signs with one key; `beta` trusts that one, or another. */
async function openPair({ trusted = true } = {}) {
  const folder = await tempFolder();
  const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const others = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const [privateKey, publicKey] = [folder.file("private"), folder.file("public")];
  writeFileSync(privateKey, keys.privateKey.export({ type: "pkcs1", format: "pem" }));
  writeFileSync(publicKey, (trusted ? keys : others).publicKey.export({ type: "spki", format: "pem" }));
  const mesh = new TestMesh();
  const signer = await openSignatures({
    nodeId: "alpha",
    stateDir: folder.path,
    signing: { privateKey },
    log: silentLog,
  });
  const checker = await openSignatures({
    nodeId: "beta",
    stateDir: folder.path,
    verification: { publicKey },
    log: silentLog,
  });
  const alpha = await openMeshNode(mesh, "alpha", { remote: mesh.remote({ signatures: signer }) });
  const beta = await openMeshNode(mesh, "beta", {
    workTypes,
    commandOf: (node, id) => workCommand(node.units, id, checker),
  });
  const { units } = alpha.node;
  return {
    mesh,
    units,
    beta,
    submit: async (signWork: boolean): Promise<Unit> => {
      const params = { params: quoted("echo signed; sleep 1") };
      const unit = units.allocateRemote({ node: "beta", workType: "sh", params, signWork });
      await units.receive(unit, (async function* () {})());
      await units.start(unit);
      return unit;
    },
    [Symbol.asyncDispose]: async () => {
      await beta[Symbol.asyncDispose]();
      await alpha[Symbol.asyncDispose]();
      await signer.close();
      await checker.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

describe("signed remote work", () => {
  test("is signed anew for each request: submit, output after a cut, release", async () => {
    await using pair = await openPair();
    const unit = await pair.submit(true);
    pair.mesh.cut();
    expect((await ended(unit)).State).toBe(2);
    expect(await pair.units.release(unit.id, { force: false, signal: patience() })).toBe("done");
    expect(pair.beta.node.units.list()).toEqual({});
  });

  test("is refused with another key, and without a signature", async () => {
    await using pair = await openPair({ trusted: false });
    await expect(pair.submit(true)).rejects.toThrow("could not verify signature: crypto/rsa: verification error");
    await expect(pair.submit(false)).rejects.toThrow("could not verify signature: signature is empty");
    expect(pair.beta.node.units.list()).toEqual({});
  });
});
