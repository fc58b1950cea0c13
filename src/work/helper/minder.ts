import { moveFence, readRecord } from "../unit/process-record.ts";
import { unitFolder } from "../unit/unit-folder.ts";
import type { UnitStatus } from "../wire.ts";
import { type LaunchReport, Launcher } from "./launcher.ts";
import { MindedUnit } from "./minded-unit.ts";
import type { Order, Report } from "./wire.ts";

/** Reapers are looked after this often, in case one is killed; a living one reports its unit's end at once. */
const checkMs = 1_000;
/** After so many launchers that ended without a word, commands cannot be started on this machine (no Perl, say). */
const muteLimit = 5;

type StartOrder = Extract<Order, { kind: "start" }>;

/** All units of one helper, and the launcher that starts them. */
export class Minder {
  readonly #unitsDir: string;
  readonly #report: (report: Report) => void;
  readonly #idle: () => void;
  readonly #units = new Map<string, MindedUnit>();
  /** Starts that the launcher has not answered yet, by unit. */
  readonly #asked = new Map<string, StartOrder>();
  #env: Readonly<Record<string, string>> = {};
  #launcher: Launcher | undefined;
  #replacing: Promise<void> = Promise.resolve();
  /** Launchers in a row that ended without a word. */
  #mute = 0;
  readonly #checks: NodeJS.Timeout;

  /** @param idle called whenever the last unit is over. */
  constructor(unitsDir: string, report: (report: Report) => void, idle: () => void) {
    this.#unitsDir = unitsDir;
    this.#report = report;
    this.#idle = idle;
    this.#checks = setInterval(() => {
      for (const unit of this.#units.values()) unit.check().catch(trouble);
    }, checkMs);
  }

  get unitIds(): string[] {
    return [...this.#units.keys()];
  }

  /** Statuses of all minded units, for a daemon that has just come back. */
  repeat(): void {
    for (const unit of this.#units.values()) this.#report({ kind: "status", unit: unit.id, status: unit.status });
  }

  setEnvironment(env: Readonly<Record<string, string>>): void {
    this.#env = env;
    this.#launcher?.setEnvironment(env);
  }

  start(order: StartOrder): void {
    if (this.#units.has(order.unit)) return;
    this.#mind(order.unit, order.minding, order.status);
    this.#ask(order, unitFolder(this.#unitsDir, order.unit).dir);
  }

  adopt(order: Extract<Order, { kind: "adopt" }>): void {
    if (this.#units.has(order.unit)) return;
    this.#mind(order.unit, order.minding, order.status).takeOver().catch(trouble);
  }

  stop(unit: string, cause: Extract<Order, { kind: "stop" }>["cause"]): void {
    this.#units.get(unit)?.stop(cause).catch(trouble);
  }

  close(): void {
    clearInterval(this.#checks);
    this.#launcher?.close();
  }

  #mind(id: string, minding: StartOrder["minding"], status: UnitStatus): MindedUnit {
    const unit = new MindedUnit(id, unitFolder(this.#unitsDir, id), minding, status, {
      status: (next) => this.#report({ kind: "status", unit: id, status: next }),
      over: () => this.#forget(id),
      trouble,
    });
    this.#units.set(id, unit);
    return unit;
  }

  #forget(id: string): void {
    this.#asked.delete(id);
    this.#units.delete(id);
    if (this.#units.size === 0) this.#idle();
  }

  #openLauncher(): Launcher {
    return new Launcher(this.#env, {
      report: (report) => this.#launcherSays(report),
      gone: () => {
        this.#launcher = undefined;
        this.#mute++;
        this.#replacing = this.#replacing.then(() => this.#askAgain()).catch(trouble);
      },
    });
  }

  #launcherSays(report: LaunchReport): void {
    this.#mute = 0;
    const asked = this.#asked.get(report.unit);
    // An attempt that is no longer ours has nothing to say about the one that is.
    if (asked && asked.fence !== report.fence) return;
    this.#asked.delete(report.unit);
    const unit = this.#units.get(report.unit);
    switch (report.kind) {
      case "started":
        return unit?.launched();
      case "ended":
        return void unit?.check().catch(trouble);
      case "failed":
        return void unit?.failedToLaunch(report.errno, report.stage).catch(trouble);
      case "refused":
        this.#refuse(report.unit, report.fence);
    }
  }

  #refuse(unit: string, fence: number): void {
    this.#forget(unit);
    this.#report({ kind: "refused", unit, fence });
  }

  /** The launcher was killed. What it may not have read yet is asked of a new one, each start under a new fence. */
  async #askAgain(): Promise<void> {
    for (const id of [...this.#asked.keys()]) {
      const order = this.#asked.get(id);
      if (!order) continue;
      const fence = this.#mute < muteLimit ? order.fence + 1 : 0;
      const { dir, process } = unitFolder(this.#unitsDir, id);
      if (!(await moveFence(process, order.fence, fence).catch(() => false)))
        await this.#settle(id, process, order.fence);
      else if (fence > 0) this.#ask({ ...order, fence }, dir);
      else await this.#units.get(id)?.failedToLaunch(0, "launcher");
    }
  }

  #ask(order: StartOrder, dir: string): void {
    this.#asked.set(order.unit, order);
    this.#launcher ??= this.#openLauncher();
    this.#launcher.start(order.unit, order.fence, dir, order.launch);
  }

  async #settle(id: string, record: string, fence: number): Promise<void> {
    this.#asked.delete(id);
    if (wasLaunched(record)) await this.#units.get(id)?.takeOver();
    else this.#refuse(id, fence);
  }
}

/** Unreadable is not launched: then the owner of the units looks at the record itself. */
function wasLaunched(path: string): boolean {
  try {
    const record = readRecord(path);
    return record?.launch !== undefined || record?.end !== undefined;
  } catch {
    return false;
  }
}

/** One bad unit must not end the helper of all the others. It goes to helpers.log, and the next check tries again. */
function trouble(error: unknown): void {
  console.error(error);
}
