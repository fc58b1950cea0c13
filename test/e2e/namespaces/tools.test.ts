import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeCertificates, type TestCertificates } from "../../kit/certificates.ts";
import { type Cable, describeWithNamespaces, type Host, type Network, openNetwork } from "../../kit/namespaces.ts";
import { type StartedProcess, startProcess } from "../../kit/processes.ts";
import { type TempFolder, tempFolder } from "../../kit/temp-folder.ts";
import { readFileSync } from "node:fs";
import { runToolOn } from "./tool-run.ts";

const name = "web.example.test";

/** The hosts' ends of the cables, as IPv6 has them: cable n is 2001:db8:0:n::/64. */
const end6 = (cable: number, end: 1 | 2): string => `2001:db8:0:${cable}::${end}`;
const path6 = [end6(1, 2), end6(2, 2), end6(3, 2)];
const far6 = end6(3, 2);

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
    await addressWithIpv6(hosts);
    certificates = await makeCertificates(folder.path, `DNS:${name}`);
    const { cert, key } = certificates.server;
    const script = join(import.meta.dirname, "far-services.mjs");
    for (const address of [far, far6]) {
      services.push(await start(last, ["node", script, address, cert, key], /listening/));
    }
    const dns = [
      "--no-resolv",
      "--no-hosts",
      "--bind-interfaces",
      `--listen-address=${far}`,
      `--address=/${name}/${far}`,
      `--listen-address=${far6}`,
      `--address=/${name}/${far6}`,
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

  test("IPv6: the path, the ports, and every probe", async () => {
    const [byMtr, byUdp, nmap, connect] = await Promise.all([
      runToolOn(worker, "traceroute", { target: far6, probes: 1 }),
      runToolOn(worker, "traceroute", { target: far6, probes: 1 }, { have: [] }),
      runToolOn(
        worker,
        "portscan",
        { targets: [far6], ports: "80,81", program: "nmap", timeoutMs: 5_000 },
        { have: [] },
      ),
      runToolOn(worker, "portscan", { targets: [far6], ports: "80,81", program: "connect" }, { have: [] }),
    ]);
    expect(byMtr.lines[0]).toMatchObject({ address: far6, program: "mtr" });
    expect(byUdp.lines[0]).toMatchObject({ program: "traceroute", method: "udp" });
    expect([hopsOf(byMtr.lines), hopsOf(byUdp.lines)]).toEqual([path6, path6]);
    for (const { lines } of [nmap, connect]) {
      const states = lines
        .filter(({ type }) => type === "port")
        .map(({ address, port, state }) => [address, port, state]);
      expect(states.sort((a, b) => Number(a[1]) - Number(b[1]))).toEqual([
        [far6, 80, "open"],
        [far6, 81, "closed"],
      ]);
    }
    const [dns, tcp, closed, http, tls, ping] = await Promise.all([
      runToolOn(worker, "dns", { name, server: far6, recordType: "AAAA" }),
      runToolOn(worker, "tcp", { host: far6, port: 80 }, { targets: ["2001:DB8:0:3::/64"] }),
      runToolOn(worker, "tcp", { host: far6, port: 81 }),
      runToolOn(worker, "http", { url: `http://[${far6}]/`, expectText: "hello" }, { targets: [far6] }),
      runToolOn(worker, "tls", { host: far6, serverName: name, ca: readFileSync(certificates.ca, "utf8") }),
      runToolOn(worker, "ping", { host: far6, attempts: 1 }),
    ]);
    expect(dns.lines[0]).toMatchObject({ ok: true, answers: [{ type: "AAAA", data: far6 }] });
    expect(closed.lines.at(-1)).toMatchObject({ verdict: "down", reason: "connection refused" });
    for (const { lines } of [dns, tcp, http, tls, ping]) expect(lines.at(-1)).toMatchObject({ verdict: "up" });
  });

  test("IPv6: nothing slips past a list by the way it is written", async () => {
    const lists = { targets: ["10.77.0.0/16", "2001:db8:0:1::/64"] };
    const refused = await Promise.all(
      [far6, far6.replace("::", ":0:0:0:"), "::ffff:127.0.0.1", "::1", "::7f00:1"].map((host) =>
        runToolOn(worker, "tcp", { host, port: 80, timeoutMs: 1_000 }, lists),
      ),
    );
    expect(refused.map(({ code, lines }) => [code, lines.length])).toEqual(refused.map(() => [12, 0]));
    // The same host as an IPv4 address is what the list means.
    const mapped = await runToolOn(worker, "tcp", { host: `::ffff:${far}`, port: 80 }, lists);
    expect(mapped.lines[0]).toMatchObject({ ok: true, address: far });
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

/** Addresses and routes, there and back, of four hosts in a row. */
async function addressWithIpv6(hosts: readonly Host[]): Promise<void> {
  for (const [at, host] of hosts.entries()) {
    // Routers answer each probe here as well.
    for (const set of ["conf.all.forwarding=1", "icmp.ratelimit=0"])
      await succeed(host, "sysctl", "-qw", `net.ipv6.${set}`);
    // Without waiting for somebody else to claim the address.
    const add = async (cable: number, end: 1 | 2): Promise<void> =>
      await succeed(host, "ip", "address", "add", `${end6(cable, end)}/64`, "dev", `cable${cable}`, "nodad");
    if (at > 0) await add(at, 2);
    if (at < 3) await add(at + 1, 1);
  }
  for (const [at, host] of hosts.entries()) {
    for (const cable of [1, 2, 3]) {
      const via = cable > at + 1 ? end6(at + 1, 2) : cable < at ? end6(at, 1) : undefined;
      if (via !== undefined) await succeed(host, "ip", "-6", "route", "add", `2001:db8:0:${cable}::/64`, "via", via);
    }
  }
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
