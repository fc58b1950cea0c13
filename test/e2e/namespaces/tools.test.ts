import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeCertificates, type TestCertificates } from "../../kit/certificates.ts";
import { type Cable, describeWithNamespaces, type Host, type Network, openNetwork } from "../../kit/namespaces.ts";
import { type StartedProcess, startProcess } from "../../kit/processes.ts";
import { type TempFolder, tempFolder } from "../../kit/temp-folder.ts";
import { readFileSync } from "node:fs";
import { runToolOn } from "./tool-run.ts";

const name = "web.example.test";

/** Worker, two routers and a far host in a row; tools run on the worker as a user without rights. */
describeWithNamespaces("tools on a path of three hops", () => {
  let folder: TempFolder;
  let network: Network;
  let worker: Host;
  let middle: Cable;
  let far: string;
  let path: string[];
  let certificates: TestCertificates;
  const services: StartedProcess[] = [];

  beforeAll(async () => {
    folder = await tempFolder();
    network = await openNetwork();
    const hosts = [await network.host(), await network.host(), await network.host(), await network.host()] as const;
    const [first, second, last] = [hosts[1], hosts[2], hosts[3]];
    worker = hosts[0];
    const near = await network.cable(worker, first);
    middle = await network.cable(first, second);
    const end = await network.cable(second, last);
    far = end.addresses[1];
    path = [near.addresses[1], middle.addresses[1], far];
    await route(worker, near.addresses[1]);
    await route(first, middle.addresses[1]);
    await route(last, end.addresses[0]);
    await succeed(
      second,
      "ip",
      "route",
      "add",
      `${near.addresses[0]}/30`.replace(/\.1\//, ".0/"),
      "via",
      middle.addresses[0],
    );
    for (const host of hosts) {
      // Routers answer each probe: a limit on that would look like loss.
      for (const set of ["ip_forward=1", "icmp_ratelimit=0", "icmp_msgs_per_sec=10000"]) {
        await host.run("sysctl", "-qw", `net.ipv4.${set}`);
      }
    }
    certificates = await makeCertificates(folder.path, `DNS:${name}`);
    const { cert, key } = certificates.server;
    const script = join(import.meta.dirname, "far-services.mjs");
    services.push(await start(last, ["node", script, far, cert, key], /listening/));
    const dns = [
      "--no-resolv",
      "--no-hosts",
      "--bind-interfaces",
      `--listen-address=${far}`,
      `--address=/${name}/${far}`,
    ];
    services.push(
      await start(
        last,
        ["/usr/sbin/dnsmasq", "-k", "-C", "/dev/null", "--log-facility=-", "--pid-file=", "--local=/test/", ...dns],
        /started/,
      ),
    );
  });
  afterAll(async () => {
    for (const service of services) await service.stop("SIGKILL");
    await network?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  test("traceroute tells each hop as it answers, by mtr", async () => {
    const { lines, code } = await runToolOn(worker, "traceroute", { target: far, probes: 2 });
    expect(code).toBe(0);
    expect(lines[0]).toMatchObject({ type: "path", address: far, program: "mtr", method: "icmp" });
    expect(hopsOf(lines)).toEqual(path);
    expect(lines.filter(({ type, hop }) => type === "hop" && hop === 1).length).toBeGreaterThan(1);
    expect(lines.at(-1)).toMatchObject({ type: "summary", reached: true, hops: 3 });
  });

  test("traceroute needs no right at all where it goes by UDP, and reaches an open port by TCP", async () => {
    const [udp, tcp] = await Promise.all([
      runToolOn(worker, "traceroute", { target: far, probes: 2 }, { have: [] }),
      runToolOn(worker, "traceroute", { target: far, probes: 2, method: "tcp", port: 80 }),
    ]);
    expect(udp.lines[0]).toMatchObject({ program: "traceroute", method: "udp" });
    expect(tcp.lines[0]).toMatchObject({ method: "tcp", port: 80 });
    expect([hopsOf(udp.lines), hopsOf(tcp.lines)]).toEqual([path, path]);
  });

  test("traceroute shows which hop loses packets", async () => {
    await middle.worsen({ loss: 0.5 });
    try {
      const { lines } = await runToolOn(worker, "traceroute", { target: far, probes: 8, maxHops: 4 });
      const last = (hop: number) => lines.findLast((line) => line["hop"] === hop);
      expect(last(1)).toMatchObject({ addresses: [path[0]], sent: 8, received: 8, loss: 0 });
      expect(last(2)?.["loss"]).toBeGreaterThan(0);
    } finally {
      await middle.heal();
    }
  });

  test.each(["nmap", "connect"])("portscan finds open and closed ports by %s", async (program) => {
    const params = {
      targets: [far],
      ports: "81,80,443,2525",
      program,
      timeoutMs: 5_000,
      services: program === "connect",
    };
    const { lines, code } = await runToolOn(worker, "portscan", params, { have: [] });
    expect(code).toBe(0);
    const ports = lines.filter(({ type }) => type === "port").sort((a, b) => Number(a["port"]) - Number(b["port"]));
    const states = ports.map(({ address, port, state }) => [address, port, state]);
    expect(states).toEqual([
      [far, 80, "open"],
      [far, 81, "closed"],
      [far, 443, "open"],
      [far, 2525, "open"],
    ]);
    expect(lines.find(({ type }) => type === "host")).toMatchObject({ state: "up", open: 3, closed: 1, filtered: 0 });
    expect(lines.at(-1)).toMatchObject({ type: "summary", program, hosts: 1, up: 1, open: 3, complete: true });
    expect(ports[3]?.["banner"]).toBe(program === "connect" ? "220 mail.example.test ready" : undefined);
  });

  test("dns asks a name server, over UDP and TCP, and says what it answered", async () => {
    const question = { name, server: far };
    const [udp, tcp, missing, other, deaf] = await Promise.all([
      runToolOn(worker, "dns", question),
      runToolOn(worker, "dns", { ...question, tcp: true }),
      runToolOn(worker, "dns", { ...question, name: "nothing.test" }),
      runToolOn(worker, "dns", { ...question, expect: "10.9.9.9" }),
      runToolOn(worker, "dns", { ...question, port: 54, timeoutMs: 2_000 }),
    ]);
    const answers = [{ type: "A", data: far, ttl: 0 }];
    expect(udp.lines[0]).toMatchObject({ ok: true, transport: "udp", code: "NOERROR", answers });
    expect(tcp.lines[0]).toMatchObject({ ok: true, transport: "tcp", answers });
    expect(missing.lines.at(-1)).toMatchObject({ verdict: "down", reason: "the name server says NXDOMAIN" });
    expect(other.lines.at(-1)).toMatchObject({ verdict: "down", reason: "none of the answers is 10.9.9.9" });
    expect(deaf.lines.at(-1)).toMatchObject({ verdict: "down" });
    expect([udp, tcp, missing, other, deaf].map(({ code }) => code)).toEqual([0, 0, 1, 1, 1]);
  });

  test("tcp says whether a port takes connections", async () => {
    const [open, closed] = await Promise.all([
      runToolOn(worker, "tcp", { host: far, port: 80, attempts: 2, everyMs: 100 }),
      runToolOn(worker, "tcp", { host: far, port: 81 }),
    ]);
    expect(open.lines.at(-1)).toMatchObject({ probe: "tcp", verdict: "up", attempts: 2, good: 2 });
    expect(open.lines[0]).toMatchObject({
      type: "probe",
      attempt: 1,
      address: far,
      connectMs: expect.any(Number) as number,
    });
    expect(closed.lines.at(-1)).toMatchObject({ verdict: "down", reason: "connection refused" });
    expect([open.code, closed.code]).toEqual([0, 1]);
  });

  test("tls is up with a certificate that holds, and says what is wrong with one that does not", async () => {
    const ca = readFileSync(certificates.ca, "utf8");
    const [right, unknown, soon] = await Promise.all([
      runToolOn(worker, "tls", { host: far, serverName: name, ca }),
      runToolOn(worker, "tls", { host: far, serverName: name }),
      runToolOn(worker, "tls", { host: far, serverName: name, ca, minDays: 30 }),
    ]);
    expect(right.lines[0]).toMatchObject({
      ok: true,
      protocol: "TLSv1.3",
      names: [name],
      authorized: true,
      daysLeft: 1,
    });
    expect(right.lines[0]?.["chain"]).toMatchObject([
      { subject: "CN=farhand test server" },
      { subject: "CN=farhand test ca" },
    ]);
    expect(unknown.lines.at(-1)).toMatchObject({
      verdict: "down",
      reason: expect.stringContaining("signed by") as string,
    });
    expect(soon.lines.at(-1)).toMatchObject({ verdict: "down", reason: "the certificate is over in 1 days" });
  });

  test("http says status, times and hash, and goes nowhere it may not", async () => {
    const [up, text, away] = await Promise.all([
      runToolOn(worker, "http", { url: `http://${far}/`, expectText: "hello" }),
      runToolOn(worker, "http", { url: `http://${far}/`, expectText: "bye" }),
      runToolOn(worker, "http", { url: `http://${far}/away`, redirects: 1 }, { targets: [far] }),
    ]);
    expect(up.lines[0]).toMatchObject({
      ok: true,
      status: 200,
      bodyBytes: 15,
      cutOff: false,
      firstByteMs: expect.any(Number) as number,
    });
    expect(text.lines.at(-1)).toMatchObject({ verdict: "down", reason: '"bye" is not in the body' });
    expect(away.log).toContain("TARGET_REFUSED");
    expect([up.code, text.code, away.code]).toEqual([0, 1, 12]);
  });

  test("ping says who answers and who does not", async () => {
    const [there, nowhere] = await Promise.all([
      runToolOn(worker, "ping", { host: far, attempts: 2 }),
      runToolOn(worker, "ping", { host: "10.77.200.1", attempts: 1, timeoutMs: 1_000 }),
    ]);
    expect(there.lines.at(-1)).toMatchObject({ probe: "ping", verdict: "up", attempts: 2, good: 2, loss: 0 });
    expect(nowhere.lines.at(-1)).toMatchObject({ verdict: "down", good: 0, loss: 1 });
    expect([there.code, nowhere.code]).toEqual([0, 1]);
  });
});

/** Addresses of the hops, each by its last line. */
function hopsOf(lines: readonly Record<string, unknown>[]): unknown[] {
  const last = new Map(lines.filter(({ type }) => type === "hop").map((line) => [line["hop"], line]));
  const hops = [...last.values()].sort((a, b) => Number(a["hop"]) - Number(b["hop"]));
  return hops.map(({ addresses }) => (addresses as unknown[])[0]);
}

async function route(host: Host, via: string): Promise<void> {
  await succeed(host, "ip", "route", "add", "default", "via", via);
}

async function succeed(host: Host, command: string, ...args: string[]): Promise<void> {
  const { code, stderr } = await host.run(command, ...args);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr}`);
}

async function start(host: Host, words: readonly string[], ready: RegExp): Promise<StartedProcess> {
  const [command = "", ...args] = [...host.words, ...words];
  const service = await startProcess(command, args);
  await service.line(ready, AbortSignal.timeout(30_000));
  return service;
}
