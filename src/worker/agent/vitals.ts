import { cpus, freemem, loadavg, totalmem, uptime } from "node:os";
import { statfs } from "node:fs/promises";
import type { Heartbeat } from "#fleet";

/** What a heartbeat says of the machine. */
export type MachineVitals = Pick<
  Heartbeat,
  | "cpuPercent"
  | "memoryUsedBytes"
  | "memoryTotalBytes"
  | "loadAverage1m"
  | "loadAverage5m"
  | "loadAverage15m"
  | "diskFreeBytes"
  | "diskTotalBytes"
  | "machineUptimeSeconds"
>;

/** Measures the machine; each look tells what the processors did since the one before (spec Quokka §3). */
export class Vitals {
  readonly #dataDir: string;
  #before: { readonly busy: number; readonly all: number } | undefined;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  async look(): Promise<MachineVitals> {
    const [one, five, fifteen] = loadavg();
    const { freeBytes, totalBytes } = await this.#disk();
    return {
      cpuPercent: this.#cpuPercent(),
      memoryUsedBytes: totalmem() - freemem(),
      memoryTotalBytes: totalmem(),
      loadAverage1m: one ?? null,
      loadAverage5m: five ?? null,
      loadAverage15m: fifteen ?? null,
      diskFreeBytes: freeBytes,
      diskTotalBytes: totalBytes,
      machineUptimeSeconds: uptime(),
    };
  }

  #cpuPercent(): number | null {
    const times = cpus().map((cpu) => cpu.times);
    const all = times.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0);
    const busy = all - times.reduce((sum, { idle }) => sum + idle, 0);
    const before = this.#before;
    this.#before = { busy, all };
    if (!before || all <= before.all) return null;
    return Math.min(100, Math.max(0, (100 * (busy - before.busy)) / (all - before.all)));
  }

  async #disk(): Promise<{ freeBytes: number | null; totalBytes: number | null }> {
    try {
      const { bavail, blocks, bsize } = await statfs(this.#dataDir);
      return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
    } catch {
      return { freeBytes: null, totalBytes: null };
    }
  }
}
