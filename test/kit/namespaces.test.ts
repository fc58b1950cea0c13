import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { type Cable, describeWithNamespaces, type Host, openNetwork } from "./namespaces.ts";
import { runProcess, startProcess } from "./processes.ts";

describeWithNamespaces("openNetwork()", () => {
  test("joins hosts by cables that can be pulled, silenced, made worse and healed", async () => {
    await using network = await openNetwork();
    const [left, right] = [await network.host(), await network.host()];
    const cable = await network.cable(left, right);
    expect(await arrived(left, right, cable)).toEqual({ all: 500, late: 0 });

    await cable.cut();
    expect((await right.run("ip", "link", "show", "cable1")).stdout).toMatch(/NO-CARRIER|LOWERLAYERDOWN/);
    await cable.heal();
    await cable.silence();
    expect((await right.run("ip", "link", "show", "cable1")).stdout).not.toMatch(/NO-CARRIER|LOWERLAYERDOWN/);
    expect((await arrived(left, right, cable)).all).toBe(0);

    await cable.heal();
    // They know each other's hardware address by that: nobody asks for it over a bad cable for a second and longer.
    expect((await arrived(left, right, cable)).all).toBe(500);
    await cable.worsen({ loss: 0.2, overtaken: 0.1, megabits: 20 });
    const { all, late } = await arrived(left, right, cable);
    expect(all).toBeGreaterThan(250);
    expect(all).toBeLessThan(480);
    expect(late).toBeGreaterThan(0);

    await cable.heal();
    expect(await arrived(left, right, cable)).toEqual({ all: 500, late: 0 });
  });

  test("keeps hosts apart that no cable joins, and removes all at the end of the scope", async () => {
    {
      await using network = await openNetwork();
      const [left, middle, right] = [await network.host(), await network.host(), await network.host()];
      await network.cable(left, middle);
      const { addresses } = await network.cable(middle, right);
      expect((await left.run("ip", "route", "get", addresses[1])).code).not.toBe(0);
      await left.run("sh", "-c", "sleep 600 > /dev/null 2>&1 &");
    }
    const { stdout } = await runProcess("ip", ["netns", "list"]);
    expect(stdout).not.toContain(`-${process.pid}-`);
  });

  test("removes what a run has left that was killed", async () => {
    // No process has this pid: pids end far below.
    await runProcess("ip", ["netns", "add", "farhand-99999999-0"]);
    await using _network = await openNetwork();
    expect((await runProcess("ip", ["netns", "list"])).stdout).not.toContain("farhand-99999999-0");
  });
});

/** Of 500 datagrams: how many came, and how many of those after one that was sent later. */
async function arrived(left: Host, right: Host, { addresses }: Cable): Promise<{ all: number; late: number }> {
  const [ip = "", ...words] = right.words;
  await using counting = await startProcess(ip, [...words, process.execPath, "-e", countingProgram, addresses[1]]);
  const soon = AbortSignal.timeout(30_000);
  await counting.line(/ready/, soon);
  expect((await left.run(process.execPath, "-e", sendingProgram, addresses[1])).stderr).toBe("");
  // What is held up in a cable is through within this time.
  await sleep(1_000);
  counting.child.kill("SIGUSR2");
  return JSON.parse(await counting.line(/all/, soon)) as { all: number; late: number };
}

const countingProgram = `
  const [address] = process.argv.slice(1);
  const numbers = [];
  const socket = require("dgram").createSocket("udp4").on("message", (data) => numbers.push(data.readUInt32BE()));
  socket.bind(9999, address, () => console.log("ready"));
  process.on("SIGUSR2", () => {
    const late = numbers.filter((number, at) => number < numbers[at - 1]).length;
    console.log(JSON.stringify({ all: numbers.length, late }));
    process.exit();
  });`;
const sendingProgram = `
  const [address] = process.argv.slice(1);
  const socket = require("dgram").createSocket("udp4");
  let number = 0;
  const timer = setInterval(() => {
    for (let n = 0; n < 10; n++) {
      const data = Buffer.alloc(1200);
      data.writeUInt32BE(number++);
      socket.send(data, 9999, address);
    }
    if (number === 500) clearInterval(timer), setTimeout(() => socket.close(), 100);
  }, 10);`;
