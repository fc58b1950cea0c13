import { readdirSync, readFileSync } from "node:fs";
import { type Closable, libc, type Log } from "#core";

/** What we started ourselves is reaped at once; what is still there after this is nobody's, milliseconds. */
const ownMs = 1_000;

/**
 * The duty of the first process of a container (CAT-105): processes whose parents are gone become its children, and stay as
 * zombies until it asks how they ended. Node asks about the children that it started, and about no others.
 */
export function reapOrphans(log: Pick<Log, "debug">): Closable {
  const seen = new Set<number>();
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    timer = undefined;
    const zombies = zombiesOf(process.pid);
    for (const pid of zombies.filter((one) => seen.has(one))) {
      seen.delete(pid);
      if (reap(pid)) log.debug("reaped an orphan", { pid });
    }
    for (const pid of zombies) seen.add(pid);
    for (const pid of seen) if (!zombies.includes(pid)) seen.delete(pid);
    // Those seen now are looked at once more.
    if (seen.size > 0) lookSoon();
  };
  const lookSoon = (): void => {
    timer ??= setTimeout(look, ownMs).unref();
  };
  process.on("SIGCHLD", lookSoon);
  lookSoon();
  return {
    close: () => {
      process.off("SIGCHLD", lookSoon);
      clearTimeout(timer);
    },
  };
}

function zombiesOf(parent: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isZombie(pid, parent));
}

function isZombie(pid: number, parent: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name in brackets may hold spaces and brackets itself.
    const [state, ppid] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" && Number(ppid) === parent;
  } catch {
    // It is gone.
    return false;
  }
}

const noHang = 1;

function reap(pid: number): boolean {
  return libc("int waitpid(int, void *, int)")(pid, null, noHang) === pid;
}
