import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, vi } from "vitest";
import { type Output, runProcess, type StartedProcess, startProcess } from "./processes.ts";

const root = join(import.meta.dirname, "..", "..");
const systemd = "/lib/systemd/systemd";
const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * A machine that systemd has booted: the files of this one with a layer above them that is gone with it, its own processes,
 * network and users' changes. This checkout is its `/opt/farhand`, and `farhand` is on its path.
 */
export interface BootedMachine extends AsyncDisposable {
  /** Run a command there, as root in its home, to its end. */
  run(command: string, ...args: string[]): Promise<Output>;
  /** Start one; `stdin` is the test's. */
  start(command: string, ...args: string[]): Promise<StartedProcess>;
  /** The same; gives what it printed. @throws with all it said when it fails. */
  must(command: string, ...args: string[]): Promise<string>;
}

/** Ends with systemd in place of the shell. What the kernel shares with this machine cannot be written there. */
const boot = `
set -eu
root=$1 node=$2 machine=$3
mount --make-rprivate /
mount -t tmpfs tmpfs "$machine"
cd "$machine"
mkdir upper work root
mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root
cd root
# What somebody's own Farhand has left here is not this machine's.
rm -rf var/lib/farhand var/lib/farhand-server etc/farhand root/.config/farhand
mkdir -p opt/farhand old
mount --bind "$root" opt/farhand
mount -o remount,bind,ro opt/farhand
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup
if [ -d /sys/fs/cgroup/systemd ]; then
  mkdir sys/fs/cgroup/systemd
  mount -t cgroup -o none,name=systemd,xattr cgroup sys/fs/cgroup/systemd
else
  mount -t cgroup2 cgroup2 sys/fs/cgroup
fi
mount -t tmpfs -o mode=755 tmpfs dev
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
for name in null zero full random urandom tty; do : > dev/$name; mount --bind /dev/$name dev/$name; done
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
ip link set lo up
case $node in /usr/*) ;; *) cp "$node" usr/local/bin/node ;; esac
ln -sf /opt/farhand/bin/farhand usr/bin/farhand
pivot_root . old
umount -l /old
exec env -i container=farhand PATH=${path} \\
  ${systemd} --system --unit=basic.target --log-target=null --show-status=no
`;
const apart = ["--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup", "--fork", "--kill-child"];

/** What {@link boot} needs of this machine and may not be allowed: namespaces, layers of files, control groups. */
const probe = `
set -eu
test -x ${systemd}
mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
cd /mnt
mkdir upper work root groups
mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root
if [ -d /sys/fs/cgroup/systemd ]; then mount -t cgroup -o none,name=systemd cgroup groups; else mount -t cgroup2 cgroup2 groups; fi
mkdir groups/probe
rmdir groups/probe
ip link set lo up
`;

/** `describe` for tests that need a systemd. Where none can be booted they are skipped, and named as such. */
export function describeWithSystemd(name: string, tests: () => void): void {
  const can = spawnSync("unshare", [...apart, "sh", "-c", probe], { stdio: "ignore" }).status === 0;
  describe.skipIf(!can)(`${name} (under a systemd of its own, as root)`, tests);
}

/** Boot one. @param folder an empty one, for its layer of files. */
export async function bootMachine(folder: string): Promise<BootedMachine> {
  const words = [...apart, "sh", "-c", boot, "boot", root, process.execPath, folder];
  const outside = await startProcess("unshare", words);
  const pid = await vi.waitFor(() => {
    const first = readFileSync(`/proc/${outside.pid}/task/${outside.pid}/children`, "utf8").trim();
    if (first === "" || !readFileSync(`/proc/${first}/cmdline`, "utf8").startsWith(systemd))
      throw new Error(`it does not boot: ${outside.stderr()}`);
    return first;
  }, 20_000);
  const inside = ["-t", pid, "-a", "env", "-i", "-C", "/root", "HOME=/root", `PATH=${path}`, "LANG=C.UTF-8"];
  const run: BootedMachine["run"] = (...words) => runProcess("nsenter", [...inside, ...words]);
  const must: BootedMachine["must"] = async (command, ...args) => {
    const { code, stdout, stderr } = await run(command, ...args);
    if (code !== 0) throw new Error(`${[command, ...args].join(" ")} ended with ${code}: ${stdout}${stderr}`);
    return stdout;
  };
  const start: BootedMachine["start"] = (...words) => startProcess("nsenter", [...inside, ...words], { stdin: "open" });
  const machine = { run, start, must, [Symbol.asyncDispose]: () => outside[Symbol.asyncDispose]() };
  try {
    await vi.waitFor(() => must("systemctl", "is-active", "basic.target"), { timeout: 30_000, interval: 100 });
  } catch (error) {
    await machine[Symbol.asyncDispose]();
    throw error;
  }
  return machine;
}
