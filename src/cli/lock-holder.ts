import { readFileSync, statSync } from "node:fs";

/** The process that holds the lock of a control socket (`flock` on `<socket>.lock`), as far as Linux tells. */
export function lockHolder(socket: string): number | undefined {
  try {
    const { ino } = statSync(`${socket}.lock`);
    const lines = readFileSync("/proc/locks", "utf8").split("\n");
    const line = lines.find((text) => text.includes(" FLOCK ") && text.includes(`:${ino} `));
    const pid = Number(line?.trim().split(/\s+/)[4]);
    return pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}
