import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cable, describeWithNamespaces } from "../../kit/namespaces.ts";
import { type Lab, type LabNode, noise, openLab } from "./nodes.ts";

const mebibyte = 1024 ** 2;
const outputBytes = 64 * mebibyte;
/** So slow that the output takes seven seconds. */
const megabits = 80;

describeWithNamespaces("three nodes in a line, output of 64 MiB", () => {
  let lab: Lab;
  let near: LabNode;
  let relay: LabNode;
  let far: LabNode;
  let cable: Cable;

  beforeAll(async () => {
    lab = await openLab();
    const [nearHost, relayHost, farHost] = [await lab.host(), await lab.host(), await lab.host()];
    cable = await lab.cable(nearHost, relayHost);
    const [, relayAddress] = cable.addresses;
    const { addresses } = await lab.cable(relayHost, farHost);
    near = lab.node(nearHost, "near", [{ "tcp-peer": { address: `${relayAddress}:7000` } }]);
    relay = lab.node(relayHost, "relay", [{ "tcp-listener": { port: 7000 } }]);
    far = lab.node(farHost, "far", [{ "tcp-peer": { address: `${addresses[0]}:7000` } }, noise(outputBytes)]);
    await Promise.all([near.start(), relay.start(), far.start()]);
    await near.untilReaches(far);
    await far.untilReaches(near);
  });
  afterAll(() => lab?.[Symbol.asyncDispose]());

  test("a cable that is pulled for some seconds delays the mirror", async () => {
    const id = await beginMirror();
    await cable.cut();
    await sleep(4_000);
    await expectStalled(id);
    await cable.heal();
    await expectWhole(id);
  });

  test("a cable that loses everything is found dead, and the mirror resumes once it is back", async () => {
    const id = await beginMirror();
    await cable.silence();
    await near.untilRoutes((routes) => !("far" in routes));
    await expectStalled(id);
    await cable.heal();
    await expectWhole(id);
  });

  test("a relay that is killed and started again delays the mirror", async () => {
    const id = await beginMirror();
    await relay.kill();
    await near.untilRoutes((routes) => !("far" in routes));
    await relay.start();
    await expectWhole(id);
  });

  async function beginMirror(): Promise<string> {
    await near.untilReaches(far);
    await cable.worsen({ megabits });
    const id = await near.submit("far", "noise");
    await near.untilOutput(id, 8 * mebibyte);
    return id;
  }

  async function expectStalled(id: string): Promise<void> {
    expect(near.outputBytes(id)).toBeLessThan(outputBytes);
    expect((await near.unit(id)).State).toBe(1);
  }

  async function expectWhole(id: string): Promise<void> {
    const remoteId = await near.remoteId(id);
    const unit = await near.untilFinal(id);
    expect(unit).toMatchObject({ State: 2, StdoutSize: outputBytes });
    expect(near.outputBytes(id)).toBe(outputBytes);
    expect(await near.outputHash(id)).toBe(await far.outputHash(remoteId));
  }
});
