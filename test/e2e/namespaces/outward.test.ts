import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWithNamespaces, type Host } from "../../kit/namespaces.ts";
import { type StartedProcess, startProcess } from "../../kit/processes.ts";
import { type Lab, type LabNode, noise, openLab } from "./nodes.ts";

const outputBytes = 16 * 1024 ** 2;

describeWithNamespaces("a worker that can only reach out, through an HTTP proxy", () => {
  let lab: Lab;
  let hub: LabNode;
  let worker: LabNode;
  let proxy: StartedProcess;

  beforeAll(async () => {
    lab = await openLab();
    const [hubHost, proxyHost, workerHost] = [await lab.host(), await lab.host(), await lab.host()];
    const [hubAddress] = (await lab.cable(hubHost, proxyHost)).addresses;
    const [proxyAddress, workerAddress] = (await lab.cable(proxyHost, workerHost)).addresses;
    proxy = await startProxy(proxyHost, proxyAddress);
    hub = await lab.node(hubHost, "hub", [{ "http-listener": { port: 8000, bindaddr: hubAddress } }]).start();
    const peer = { "http-peer": { url: `http://${hubAddress}:8000/` } };
    const env = { HTTP_PROXY: `http://${proxyAddress}:3128`, http_proxy: undefined, NO_PROXY: "", no_proxy: undefined };
    worker = await lab.node(workerHost, "worker", [peer, noise(outputBytes)], env).start();
    await hub.untilReaches(worker);
    await worker.untilReaches(hub);
    // Neither way is there one without the proxy.
    for (const [host, address] of [[workerHost, hubAddress] as const, [hubHost, workerAddress] as const])
      if ((await host.run("ip", "route", "get", address)).code === 0) throw new Error(`${address} can be reached`);
  });
  afterAll(async () => {
    await proxy?.stop("SIGKILL");
    await lab?.[Symbol.asyncDispose]();
  });

  test("is pinged, and gives its output", async () => {
    expect(await hub.pings("worker")).toBe(true);
    const id = await hub.submit("worker", "noise");
    expect(await hub.untilFinal(id)).toMatchObject({ State: 2, StdoutSize: outputBytes });
    expect(await hub.outputHash(id)).toBe(await worker.outputHash(await hub.remoteId(id)));
  });

  test("listens on nothing, and the hub only where it was told to", async () => {
    expect(await listening(worker.host)).toEqual([]);
    expect(await listening(hub.host)).toEqual([expect.stringMatching(/^tcp LISTEN .* 10\.77\.1\.1:8000 /)]);
  });
});

/** What takes connections or datagrams of strangers. */
async function listening(host: Host): Promise<string[]> {
  const { stdout } = await host.run("ss", "-H", "-l", "-t", "-u", "-n");
  return stdout.split("\n").flatMap((line) => (line === "" ? [] : [line.replaceAll(/ +/g, " ")]));
}

async function startProxy({ words: [ip = "", ...words] }: Host, address: string): Promise<StartedProcess> {
  const program = join(import.meta.dirname, "proxy.mjs");
  const proxy = await startProcess(ip, [...words, process.execPath, program, address, "3128"]);
  await proxy.line(/ready/, AbortSignal.timeout(30_000));
  return proxy;
}
