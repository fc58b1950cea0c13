import { createHash, generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { type ControlClient, controlOver, type JsonObject } from "#control";
import { silentLog } from "#core";
import { openMeshNode, TestMesh } from "../../../test/kit/remote.ts";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { builtHelpers, ended, eventually, patience, quoted, shell } from "../../../test/kit/units.ts";
import { workCommand } from "../commands.ts";
import { openSignatures } from "../signature/signatures.ts";
import { isFinal } from "../wire.ts";
import { FrameReader } from "./frames.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
beforeAll(builtHelpers);

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const params = { params: quoted("cat") };

/** `beta` takes orders; `other` and `sh` do the same under two names, `safe` must be signed. */
async function openBeta() {
  const folder = await tempFolder();
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  writeFileSync(folder.file("key"), privateKey.export({ type: "pkcs8", format: "pem" }));
  writeFileSync(folder.file("trusted"), publicKey.export({ type: "spki", format: "pem" }));
  const common = { stateDir: folder.path, log: silentLog };
  const signer = await openSignatures({ nodeId: "alpha", signing: { orderKey: folder.file("key") }, ...common });
  const verification = { orderKeys: folder.file("trusted"), requireOrder: true };
  const checker = await openSignatures({ nodeId: "beta", verification, ...common });
  const mesh = new TestMesh();
  const beta = await openMeshNode(mesh, "beta", {
    workTypes: [shell, { ...shell, workType: "other" }, { ...shell, workType: "safe", verifySignature: true }],
    commandOf: (node, id) => workCommand(node.units, id, checker),
  });
  const connect = async () => controlOver(await mesh.remote().dial("beta", "control", {}), "beta");
  return {
    units: beta.node.units,
    signer,
    connect,
    /** Begin an order, and what is answered to its first line. */
    order: async (more: JsonObject = {}): Promise<{ control: ControlClient; line: string }> => {
      const control = await connect();
      const request = {
        ...{ command: "work", subcommand: "order", node: "beta", worktype: "other", params },
        ...{ workUnitID: "Order012", token: "ab".repeat(32), bytes: 3, sha256: sha256("abc"), ...more },
      };
      return { control, line: await control.callLine(request).catch((error: Error) => error.message) };
    },
    [Symbol.asyncDispose]: async () => {
      await beta[Symbol.asyncDispose]();
      await signer.close();
      await checker.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** Output and last status of a unit that is pushed, up to its end. */
async function framesOf(control: ControlClient) {
  const frames = new FrameReader();
  let output = "";
  for await (const chunk of control.bytes()) {
    for (const event of frames.push(Buffer.from(chunk))) {
      if (event.kind === "output") output += event.bytes.toString();
      else if (isFinal(JSON.parse(event.text).State)) return { output, last: JSON.parse(event.text) };
    }
  }
  throw new Error("it broke off");
}

describe("an order", () => {
  test("that comes again is the same in all it says, or it is not the same order", async () => {
    await using beta = await openBeta();
    const first = await beta.order();
    expect(JSON.parse(first.line)).toEqual({ unitid: "Order012", from: 0 });
    first.control.close();
    for (const change of [
      { worktype: "sh" },
      { params: { params: quoted("rm -r /tmp/x") } },
      { params: { ...params, more: "" } },
      { token: "cd".repeat(32) },
      { sha256: sha256("abd") },
      { bytes: 4 },
    ]) {
      const { control, line } = await beta.order(change);
      expect({ change, line }).toEqual({ change, line: "unit ID Order012 is taken" });
      control.close();
    }
    const again = await beta.order();
    await again.control.sendPayload(bytesOf("abcstart\n"));
    expect(await again.control.readJson()).toEqual({ result: "Job Started", unitid: "Order012" });
    expect(await ended(beta.units.get("Order012"))).toMatchObject({ State: 2, WorkType: "other" });
  });

  test("that is to be followed is pushed behind the answer, and the next one may come over the same connection", async () => {
    await using beta = await openBeta();
    const { control } = await beta.order({ follow: true });
    await control.send(bytesOf("abcstart\n"));
    expect(await control.readJson()).toEqual({ result: "Job Started", unitid: "Order012", following: true });
    expect(await framesOf(control)).toEqual({
      output: "abc",
      last: expect.objectContaining({ State: 2, StdoutSize: 3 }),
    });
    expect(await control.call({ command: "work", subcommand: "status", unitid: "Order012" })).toMatchObject({
      State: 2,
    });
    control.close();
  });

  test("says in so many words whether it is to be followed", async () => {
    await using beta = await openBeta();
    const { control, line } = await beta.order({ follow: "yes" });
    expect(line).toBe("field follow must be true or false");
    control.close();
  });

  test("for a payload that is not the signed one is refused before there is a unit", async () => {
    await using beta = await openBeta();
    const facts = { operation: "submit", unitId: "Order012", workType: "safe", params } as const;
    const signature = await beta.signer.signFor(
      "beta",
      { ...facts, payloadSha256: () => Promise.resolve(sha256("signed")) },
      "farhand",
    );
    const { line } = await beta.order({ worktype: "safe", signature });
    expect(line).toBe("could not verify signature: the payload is not the one that was signed");
    expect(beta.units.list()).toEqual({});
  });

  test("is taken back while it waits, not once it has started", async () => {
    await using beta = await openBeta();
    const withdraw = async (workUnitID: string, token = "ab".repeat(32)) => {
      const control = await beta.connect();
      const request = { command: "work", subcommand: "withdraw", workUnitID, token };
      return await control.call(request).catch((error: Error) => error.message);
    };
    await beta.order({ workUnitID: "Waiting1" });
    expect(await withdraw("Waiting1", "cd".repeat(32))).toBe("unknown work unit Waiting1");
    expect(await withdraw("Waiting1")).toEqual({ released: "Waiting1" });
    const { control } = await beta.order({ params: { params: quoted("exec sleep 600") } });
    await control.sendPayload(bytesOf("abcstart\n"));
    await control.readJson();
    expect(await withdraw("Order012")).toBe("unit Order012 has started: release it");
    expect(beta.units.get("Order012").status.State).toBe(1);
    await beta.units.release("Order012", { force: false, signal: patience() });
    await eventually("nothing is left", () => Object.keys(beta.units.list()).length === 0);
  });
});
