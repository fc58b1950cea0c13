import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cable, describeWithNamespaces } from "../../kit/namespaces.ts";
import { type Lab, type LabNode, noise, openLab } from "./nodes.ts";

const mebibyte = 1024 ** 2;
const outputBytes = 64 * mebibyte;

describeWithNamespaces("two nodes with a cable between them, and a way around over a third", () => {
  let lab: Lab;
  let near: LabNode;
  let around: LabNode;
  let far: LabNode;
  let straight: Cable;

  beforeAll(async () => {
    lab = await openLab();
    const [nearHost, aroundHost, farHost] = [await lab.host(), await lab.host(), await lab.host()];
    straight = await lab.cable(nearHost, farHost);
    const [, there] = (await lab.cable(nearHost, aroundHost)).addresses;
    const [back] = (await lab.cable(aroundHost, farHost)).addresses;
    around = await lab.node(aroundHost, "around", [{ "tcp-listener": { port: 7000 } }]).start();
    far = lab.node(farHost, "far", [
      { "tcp-listener": { port: 7000 } },
      { "tcp-peer": { address: `${back}:7000` } },
      noise(outputBytes),
    ]);
    await far.start();
    near = lab.node(nearHost, "near", [
      { "tcp-peer": { address: `${straight.addresses[1]}:7000` } },
      { "tcp-peer": { address: `${there}:7000` } },
    ]);
    await near.start();
    await near.untilRoutes(({ far: hop }) => hop === "far");
    await far.untilReaches(near, around);
  });
  afterAll(() => lab?.[Symbol.asyncDispose]());

  test("output goes on over the third node when the cable dies, and back when it is healed", async () => {
    await straight.worsen({ megabits: 80 });
    const id = await near.submit("far", "noise");
    await near.untilOutput(id, 8 * mebibyte);
    await straight.silence();
    const unit = await near.untilFinal(id);
    expect(unit).toMatchObject({ State: 2, StdoutSize: outputBytes });
    expect((await near.routes())["far"]).toBe("around");
    expect(await near.outputHash(id)).toBe(await far.outputHash(await near.remoteId(id)));

    await straight.heal();
    await near.untilRoutes(({ far: hop }) => hop === "far");
    expect(await near.pings("far")).toBe(true);
  });
});
