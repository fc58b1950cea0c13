import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWithNamespaces } from "../../kit/namespaces.ts";
import { type Lab, type LabNode, noise, openLab } from "./nodes.ts";

const outputBytes = 16 * 1024 ** 2;

describeWithNamespaces("a UDP road that loses 5 % and changes the order of 5 %", () => {
  let lab: Lab;
  let near: LabNode;
  let far: LabNode;

  beforeAll(async () => {
    lab = await openLab();
    const [nearHost, farHost] = [await lab.host(), await lab.host()];
    const cable = await lab.cable(nearHost, farHost);
    await cable.worsen({ loss: 0.05, overtaken: 0.05, megabits: 200 });
    far = await lab.node(farHost, "far", [{ "udp-listener": { port: 7000 } }, noise(outputBytes)]).start();
    near = await lab.node(nearHost, "near", [{ "udp-peer": { address: `${cable.addresses[1]}:7000` } }]).start();
    await near.untilReaches(far);
    await far.untilReaches(near);
  });
  afterAll(() => lab?.[Symbol.asyncDispose]());

  test("most pings come back", async () => {
    const answers = [];
    // A ping is two datagrams and is not repeated; one that is lost takes ten seconds, so they go at once.
    for (let n = 0; n < 40; n++) answers.push(near.pings("far"));
    const answered = (await Promise.all(answers)).filter(Boolean);
    expect(answered.length).toBeGreaterThan(25);
  });

  // Each round trip of the few datagrams that such a road lets be under way takes as long as the machine is busy.
  test("output of 16 MiB arrives as it is", { timeout: 400_000 }, async () => {
    const id = await near.submit("far", "noise");
    expect(await near.untilFinal(id)).toMatchObject({ State: 2, StdoutSize: outputBytes });
    expect(await near.outputHash(id)).toBe(await far.outputHash(await near.remoteId(id)));
  });
});
