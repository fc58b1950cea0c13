import { join, relative } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type BootedMachine, bootMachine, describeWithSystemd } from "../../kit/booted-machine.ts";
import { freshBuild } from "../../kit/daemon.ts";
import { pythonPath } from "../../kit/receptorctl.ts";
import { type TempFolder, tempFolder } from "../../kit/temp-folder.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
const root = join(import.meta.dirname, "..", "..", "..");
const here = "/opt/farhand/test/e2e";
/** The same Python on the booted machine. */
const python = pythonPath === undefined ? "python3" : join("/opt/farhand", relative(root, pythonPath));

const tokenFor = (name: string) =>
  `farhand enrol-token --name ${name} --json | sed 's/.*"token":"\\([^"]*\\)".*/\\1/' > token`;

describeWithSystemd("services of the system", () => {
  let folder: TempFolder;
  let machine: BootedMachine;
  const sh = (script: string) => machine.must("sh", "-ec", script);
  const farhand = (...words: string[]) => machine.must("farhand", ...words);
  const shows = async (unit: string, name: string) =>
    (await machine.must("systemctl", "show", "--value", "-p", name, unit)).trim();
  const mainPid = (unit: string) => shows(unit, "MainPID");
  const script = (text: string, ...options: string[]) =>
    ["farhand", "run", "shed", ...options, "--", "sh", "-c", text] as const;
  const soon = <T>(what: () => Promise<T>) => expect.poll(what, { timeout: 60_000, interval: 200 });

  beforeAll(async () => {
    await freshBuild();
    folder = await tempFolder();
    machine = await bootMachine(folder.path);
    // docs/tasks/run-a-server.md and docs/tasks/join-a-worker.md, "As a service of the system".
    await sh(`
      useradd --system --user-group --home-dir /var/lib/farhand-server --no-create-home --shell /usr/sbin/nologin farhand-server
      echo 'FARHAND_SERVER_OPTIONS=--listen 127.0.0.1:8443 --host-name localhost' > /etc/default/farhand-server
      install -m 0644 /opt/farhand/packaging/farhand-server.service /etc/systemd/system/
      systemctl enable --now farhand-server
      journalctl -u farhand-server -o cat | sed -n 's/^First login.*password //p' > password
      farhand login https://127.0.0.1:8443 --user admin --password-file password --ca /var/lib/farhand-server/authority.crt
      ${tokenFor("shed")}
      farhand worker install --capability CAP_NET_RAW
      farhand worker join https://127.0.0.1:8443 --token-file token --system --no-start --tools --tool-target 127.0.0.1
      systemctl enable --now farhand-worker
      until farhand workers | grep -q 'shed *online'; do sleep 0.2; done
    `);
  });
  afterAll(async () => {
    await machine?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  test("the server is ready when systemd says so, under an account of its own that no worker's unit can look into", async () => {
    expect(await shows("farhand-server", "StatusText")).toBe("listens on https://127.0.0.1:8443");
    expect(await sh("stat -c %U:%a /var/lib/farhand-server /var/lib/farhand-server/server.secret")).toBe(
      "farhand-server:700\nfarhand-server:600\n",
    );
    const { stdout, stderr } = await machine.run(...script("cat /var/lib/farhand-server/*; id -un"));
    expect(stdout + stderr).toMatch(/Permission denied[^]*^farhand$/m);
  });

  test("CAT-2: a system worker joins by root's hand, and all of it belongs to its own account", async () => {
    expect(await sh("find /var/lib/farhand /etc/farhand ! -user farhand")).toBe("");
    expect(await sh("stat -c %U:%G:%a /run/farhand /run/farhand/worker.sock /etc/farhand/worker.yaml")).toBe(
      "farhand:workeradmin:750\nfarhand:workeradmin:660\nfarhand:workeradmin:640\n",
    );
    expect(await farhand("worker", "doctor")).toContain("0 failures");
    // Of that group one manages it, and is told the same; of none, one is not let in.
    await sh("useradd ada && useradd --groups workeradmin grace");
    expect(await machine.must("runuser", "-u", "grace", "--", "farhand", "worker", "doctor", "--system")).toMatch(
      /permissions +nobody else can write/,
    );
    expect(await machine.must("runuser", "-u", "grace", "--", "farhand", "worker", "status", "--system")).toContain(
      "registered",
    );
    const closed = await machine.run("runuser", "-u", "ada", "--", "farhand", "worker", "status", "--system");
    expect(closed.code).not.toBe(0);
  });

  test("CAT-2: a worker that is killed is brought back by systemd, and what ran goes on", async () => {
    const waits =
      "f=$(mktemp); echo before; while ! [ -e /var/lib/farhand/go ]; do sleep 0.1; done; echo after > $f; cat $f";
    const unit = (await machine.must(...script(waits, "--detach"))).trim();
    await using follower = await machine.start("farhand", "units", "output", "shed", unit);
    await follower.line(/^before$/, AbortSignal.timeout(60_000));
    const before = await mainPid("farhand-worker");
    await machine.must("kill", "-9", before);
    await soon(() => shows("farhand-worker", "NRestarts")).toBe("1");
    await soon(() => farhand("workers")).toMatch(/shed +online/);
    expect(await mainPid("farhand-worker")).not.toBe(before);
    await sh("runuser -u farhand -- touch /var/lib/farhand/go");
    expect(await follower.ended).toMatchObject({ code: 0 });
    expect(follower.stdout()).toBe("before\nafter\n");
  });

  test("captures packets with one capability and no more", async () => {
    const say =
      "import socket, time\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nwhile True: s.sendto(b'hello', ('127.0.0.1', 4053)); time.sleep(0.05)";
    await using _talker = await machine.start("python3", "-c", say);
    const words = "--interface lo --filter 'udp port 4053' --packets 5 --seconds 30";
    expect(await sh(`farhand capture shed ${words} 2>/dev/null | tcpdump -nr - 2>/dev/null | wc -l`)).toBe("5\n");
    const bounds = await sh(`grep Cap /proc/${await mainPid("farhand-worker")}/status`);
    // Bit 13 is CAP_NET_RAW (capabilities(7)).
    expect(bounds).toMatch(/CapPrm:\s+0000000000002000\n/);
    expect(bounds).toMatch(/CapBnd:\s+0000000000002000\n/);
    expect(await machine.must(...script("grep CapEff /proc/self/status"))).toMatch(/CapEff:\s+0000000000000000\n/);
  });

  test("CAT-115: what root resets stays the service's, and it starts with it", async () => {
    await sh("farhand worker reset --password --new-socket --last-good --yes");
    await machine.must("systemctl", "restart", "farhand-worker");
    await soon(() => farhand("workers")).toMatch(/shed +online/);
    expect(await sh("find /var/lib/farhand /etc/farhand ! -user farhand")).toBe("");
  });

  test("CAT-108: the local pages of root make a worker of a machine that has none, and systemd starts it", async () => {
    await sh(`
      systemctl stop farhand-worker
      rm -r /var/lib/farhand /etc/farhand/worker.yaml
      systemctl start farhand-worker
      farhand workers remove shed
      ${tokenFor("barn")}
    `);
    await using pages = await machine.start("farhand", "worker", "ui", "--port", "4080");
    const code = (await pages.line(/^Code: /, AbortSignal.timeout(60_000))).replace(/^Code: +/, "");
    const wish = JSON.stringify({ server: "https://127.0.0.1:8443", token: (await sh("cat token")).trim() });
    const said = await machine.must("node", `${here}/systemd/basic-setup.mjs`, "http://127.0.0.1:4080/", code, wish);
    expect(said).toMatch(/^200 .*this machine is barn now/);
    await soon(() => farhand("workers")).toMatch(/barn +online/);
    expect(await sh("find /var/lib/farhand /etc/farhand ! -user farhand")).toBe("");
    expect(await sh(`ps -o euser= -p "$(pgrep -f '[f]arhand worker ui')"`)).toBe("farhand\n");
  });

  test("the account of a worker is not given the keys of a server that lie beneath its state", async () => {
    await sh("mkdir -p /var/lib/farhand/server");
    const { code, stderr } = await machine.run("farhand", "worker", "install");
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(
        /a server keeps its keys in \/var\/lib\/farhand\/server[^]*mv \/var\/lib\/farhand\/server/,
      ),
    });
    await sh("rmdir /var/lib/farhand/server");
  });

  test("the monitor's package runs as its own user, and a channel outlives a kill", async () => {
    await sh(`
      /opt/farhand/packaging/recodex-monitor/postinst
      install -m 0644 /opt/farhand/packaging/recodex-monitor/recodex-monitor.service /etc/systemd/system/
      systemctl enable --now recodex-monitor
    `);
    expect(await shows("recodex-monitor", "StatusText")).toMatch(/^viewers at ws:\/\/127\.0\.0\.1:4567/);
    await using sender = await machine.start(python, `${here}/monitor/sender.py`, "tcp://127.0.0.1:7894");
    await sender.line(/^connected/, AbortSignal.timeout(60_000));
    const say = async (line: string) => {
      sender.child.stdin?.write(`${line}\n`);
      await sender.line(new RegExp(`^done ${line}$`), AbortSignal.timeout(60_000));
    };
    await say("send job STARTED");
    await soon(() => sh("cat /var/lib/recodex/monitor/* | grep -c STARTED || true")).not.toBe("0\n");
    await machine.must("kill", "-9", await mainPid("recodex-monitor"));
    await soon(() => shows("recodex-monitor", "NRestarts")).toBe("1");
    await soon(() => shows("recodex-monitor", "ActiveState")).toBe("active");
    await using viewer = await machine.start(python, "-u", `${here}/monitor/viewer.py`, "ws://127.0.0.1:4567/", "job");
    await viewer.line(/STARTED/, AbortSignal.timeout(60_000));
    expect(await sh(`ps -o user= -p ${await mainPid("recodex-monitor")}`)).toBe("recodex\n");
    await machine.must("systemctl", "stop", "recodex-monitor");
    expect(await shows("recodex-monitor", "Result")).toBe("success");
  });
});
