import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { decodePacket, PcapPackets } from "#tools";
import { programs, startDaemon } from "../../kit/daemon.ts";
import { type Cable, describeWithNamespaces, type Host, type Network, openNetwork } from "../../kit/namespaces.ts";
import { endMarkedProcesses, processMark } from "../../kit/marked-processes.ts";
import { liveProcesses, runProcess, type StartedProcess } from "../../kit/processes.ts";
import { type TempFolder, tempFolder } from "../../kit/temp-folder.ts";
import { builtHelpers } from "../../kit/units.ts";

/** Whoever runs the tests is root, and the worker does without: an account that owns nothing but its folder. */
const account = 64_321;
const example = join(import.meta.dirname, "../../../examples/tools.yml");

/** The worker of examples/tools.yml, as a service has it: an account without rights, one capability, or none. */
describeWithNamespaces("a worker that is not root, and its captures", () => {
  let folder: TempFolder;
  let network: Network;
  let worker: Host;
  let peer: Host;
  let cable: Cable;
  const daemons: StartedProcess[] = [];

  beforeAll(async () => {
    await builtHelpers();
    folder = await tempFolder();
    chmodSync(folder.path, 0o711);
    network = await openNetwork();
    [worker, peer] = [await network.host(), await network.host()];
    cable = await network.cable(worker, peer);
  });
  afterAll(async () => {
    if (folder) endMarkedProcesses(folder.path);
    for (const daemon of daemons) await daemon.stop("SIGKILL");
    await network?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  /** Start it with these capabilities; gives the command line at its socket. */
  async function start(name: string, capabilities: string) {
    const place = folder.file(name);
    mkdirSync(place);
    chownSync(place, account, account);
    const file = join(place, "tools.yml");
    const text = readFileSync(example, "utf8").replace("/var/lib/farhand", join(place, "data"));
    writeFileSync(file, text.replace("/run/farhand/lookout.sock", join(place, "s")));
    const set = `-all${capabilities}`;
    const become = ["setpriv", "--reuid", String(account), "--regid", String(account), "--clear-groups"];
    const rights = ["--bounding-set", set, "--inh-caps", set, "--ambient-caps", set, "--no-new-privs"];
    const [path = "", ...words] = [...worker.words, ...become, ...rights];
    const daemon = await startDaemon({
      ...{ program: { path }, socket: join(place, "s") },
      args: [...words, process.execPath, programs.farhand, "worker", "-c", file],
      env: { ...processMark(folder.path), XDG_RUNTIME_DIR: undefined },
    });
    daemons.push(daemon);
    const ctl = (...args: string[]) =>
      runProcess(process.execPath, [programs.farhand, "--socket", join(place, "s"), "work", ...args]);
    const capture = (params: object) =>
      ctl("submit", "capture", "--no-payload", "-a", `params=${JSON.stringify(params)}`);
    return { ctl, capture, data: join(place, "data", "lookout"), pid: daemon.pid };
  }

  const stdoutOf = (data: string, id: string): Buffer => {
    try {
      return readFileSync(join(data, id, "stdout"));
    } catch {
      return Buffer.alloc(0);
    }
  };

  test("a DNS query on the cable is in the pcap, and the tool has one right", async () => {
    const { ctl, capture, data } = await start("able", ",+net_raw");
    const submitted = await capture({ filter: "@dns", interface: "cable1", packets: 1 });
    expect(submitted).toMatchObject({ code: 0 });
    const [id = ""] = /\w{8,}/.exec(submitted.stdout) ?? [];
    await until(() => stdoutOf(data, id).length >= 24);
    const tools = liveProcesses().filter(({ command }) => /^\S*tcpdump .*cable1/.test(command));
    const rights = tools.map(({ pid }) => readFileSync(`/proc/${pid}/status`, "utf8"));
    expect(rights).toHaveLength(1);
    expect(rights[0]).toMatch(/^CapEff:\t0000000000002000$/m);
    expect(rights[0]).toMatch(/^NoNewPrivs:\t1$/m);
    expect(rights[0]).toMatch(new RegExp(`^Uid:\t${account}\t${account}\t`, "m"));
    // Nobody answers there: what matters is the question.
    const query = peer.run("dig", "+tries=1", "+time=1", `@${cable.addresses[0]}`, "farhand.example");
    expect(await ctl("results", id)).toMatchObject({ code: 0 });
    await query;
    expect(stdoutOf(data, id).toString("latin1")).toContain("\u0007farhand\u0007example");
    const status = JSON.parse((await ctl("status", id, "--json")).stdout) as { Detail: string };
    expect(status.Detail).toMatch(/^exit status 0: ended by its budget of 1 packet: 1 packet, \d+ bytes$/);

    const ends = ["2001:db8::1", "2001:db8::2"];
    for (const [at, host] of [worker, peer].entries()) {
      await host.run("ip", "address", "add", `${ends[at]}/64`, "dev", "cable1", "nodad");
    }
    const [other = ""] =
      /\w{8,}/.exec((await capture({ filter: "@dns", interface: "cable1", packets: 1 })).stdout) ?? [];
    await until(() => stdoutOf(data, other).length >= 24);
    const query6 = peer.run("dig", "+tries=1", "+time=1", `@${ends[0]}`, "farhand.example");
    expect(await ctl("results", other)).toMatchObject({ code: 0 });
    await query6;
    const [packet] = new PcapPackets().push(stdoutOf(data, other));
    const summary = packet && decodePacket(packet.bytes, packet).summary;
    expect(summary).toMatchObject({ source: ends[1], destination: ends[0], protocol: "DNS" });
    expect(summary?.info).toContain("farhand.example");
  });

  test("what had come by a cancel is stored, and what the kernel dropped is told at once and at the end", async () => {
    const { ctl, capture, data } = await start("flooded", ",+net_raw");
    const begin = async (): Promise<string> => {
      const [id = ""] = /\w{8,}/.exec((await capture({ filter: "udp dst port 9", interface: "cable1" })).stdout) ?? [];
      await until(() => stdoutOf(data, id).length >= 24);
      return id;
    };
    const detailOf = async (id: string) =>
      (JSON.parse((await ctl("status", id, "--json")).stdout) as { Detail: string }).Detail;
    const sent = async (count: number, bytes: number) => {
      const script = `const socket = require("dgram").createSocket("udp4");
        let left = ${count};
        const next = () => (left-- > 0 ? socket.send(Buffer.alloc(${bytes}), 9, "${cable.addresses[0]}", next) : socket.close());
        next();`;
      expect(await peer.run(process.execPath, "-e", script)).toMatchObject({ code: 0 });
    };

    const quiet = await begin();
    await sent(3, 8);
    await ctl("cancel", quiet);
    expect(await detailOf(quiet)).toMatch(/^Canceled: 3 packets, \d+ bytes$/);

    const flooded = await begin();
    // Held still, it takes nothing of what fills the kernel's room for it twice over.
    const dump = liveProcesses().find(({ command }) => /^\S*tcpdump -i cable1 .*dst port 9/.test(command));
    if (!dump) throw new Error("no tcpdump runs");
    process.kill(dump.pid, "SIGSTOP");
    await sent(32_000, 1_400);
    process.kill(dump.pid, "SIGCONT");
    let detail = "";
    const isTold = /^Running: PID \d+: \d+ packets, \d+ bytes, [1-9]\d* dropped by the kernel so far$/;
    for (const signal = AbortSignal.timeout(60_000); !isTold.test(detail); detail = await detailOf(flooded)) {
      await sleep(100, undefined, { signal });
    }
    await ctl("cancel", flooded);
    const end = /^Canceled: (\d+) packets, \d+ bytes, (\d+) dropped by the kernel: incomplete$/;
    const [, stored, dropped] = end.exec(await detailOf(flooded)) ?? [];
    expect(Number(stored) + Number(dropped)).toBe(32_000);
  });

  test("without the capability it is refused before there is a unit, with what to do", async () => {
    const { ctl, capture } = await start("unable", "");
    const refused = await capture({ filter: "@dns" });
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain("capture needs cap_net_raw, and this worker has not got it to give");
    expect(JSON.parse((await ctl("list", "--json")).stdout)).toEqual({});
  });

  async function until(isSo: () => boolean): Promise<void> {
    const signal = AbortSignal.timeout(60_000);
    while (!isSo()) await sleep(20, undefined, { signal });
  }
});
