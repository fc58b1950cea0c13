import { existsSync, type FSWatcher, statSync, watch } from "node:fs";
import { errorText, systemClock } from "#core";
import { type OutputDigest, outputSize, sealOutput } from "../unit/output.ts";
import { noteStopping, type ProcessLaunch, type ProcessRecord, readRecord } from "../unit/process-record.ts";
import { bootId, isAlive, uptimeSeconds } from "../unit/process-table.ts";
import { unitProcesses } from "../unit/process-tree.ts";
import { readableStatus, updateStatus } from "../unit/status-file.ts";
import { lastWords } from "../unit/last-words.ts";
import type { UnitFolder } from "../unit/unit-folder.ts";
import { isFinal, type UnitCause, UnitState, type UnitStatus } from "../wire.ts";
import { finalStatus } from "./final-status.ts";
import { Limits } from "./limits.ts";
import { stopProcesses } from "./stopping.ts";
import type { Minding } from "./wire.ts";

/** A unit that runs longer than this gets its Running status on disk; a shorter one goes straight to its ending. */
const quickUnitMs = 50;
const longestRetryMs = 30_000;
/** No place for patience: every moment of a flood is the disk's, or the whole machine's. */
const floods: ReadonlySet<UnitCause> = new Set(["OUTPUT_LIMIT", "PROCESS_LIMIT", "MEMORY_LIMIT"]);

/** What a minded unit tells its helper. */
export interface MindedUnitEvents {
  status(status: UnitStatus): void;
  /** The unit is over and its final status is on disk. */
  over(): void;
  /** Something went wrong that must not cost the other units of this helper anything. */
  readonly trouble: (error: unknown) => void;
}

/**
 * One unit from the start of its command to its final status on disk.
 *
 * It believes the process record and the process table only, so it makes no difference whether it saw the start or took
 * the unit over from a helper that was killed.
 */
export class MindedUnit {
  readonly id: string;
  readonly #folder: UnitFolder;
  readonly #minding: Minding;
  readonly #events: MindedUnitEvents;
  readonly #watchers: FSWatcher[] = [];
  #limits: Limits | undefined;
  #runningTimer: NodeJS.Timeout | undefined;
  #status: UnitStatus;
  #stopping: Promise<void> | undefined;
  #reaped = 0;
  #over = false;
  /** The launcher said what became of the start. Until then a missing record proves nothing. */
  #answered = false;
  /** Remembered, because somebody may take the record away while the command runs. */
  #launch: ProcessLaunch | undefined;

  constructor(id: string, folder: UnitFolder, minding: Minding, status: UnitStatus, events: MindedUnitEvents) {
    this.id = id;
    this.#folder = folder;
    this.#minding = minding;
    this.#status = status;
    this.#events = events;
  }

  get status(): UnitStatus {
    return this.#status;
  }

  /** The command was started. A unit that is over already goes straight to its ending. */
  launched(): void {
    this.#answered = true;
    const record = this.#readRecord();
    if (!record?.launch || record.end || this.#over) return;
    const { launch } = record;
    this.#launch = launch;
    const StartedAt = this.#status.StartedAt ?? new Date(this.#recordedAt()).toISOString();
    const ExtraData = { ...(this.#status.ExtraData as object | null), Pid: launch.reaper.pid };
    const Detail = `Running: PID ${launch.command.pid}`;
    this.#set({ ...this.#status, State: UnitState.Running, Detail, ExtraData, StartedAt });
    this.#runningTimer = setTimeout(() => void this.#saveRunning().catch(() => undefined), quickUnitMs);
    this.#keepLimits(launch);
    if (this.#minding.runner === "plugin") this.#watch(this.#folder.status, () => this.#readPluginStatus());
    if (this.#minding.runner === "tool") this.#watch(this.#folder.log, () => this.#readWords(Detail));
  }

  /** The launcher could not even start. Its own record says so too, unless the record is what failed. */
  async failedToLaunch(errno: number, stage: string): Promise<void> {
    this.#answered = true;
    const record = this.#readRecord();
    const end = record?.end ?? { kind: "failed", uptime: uptimeSeconds(), errno, stage };
    return this.#end({ fence: record?.fence ?? 0, ...record, end });
  }

  /** Take over a unit that somebody else started: nobody will tell us of its end, so watch its record. */
  async takeOver(): Promise<void> {
    // Whoever minded it before may have been ending it, and may not have lived to say so.
    const Stopping = this.#readRecord()?.stopping ?? readableStatus(this.#folder)?.Stopping;
    if (Stopping) this.#status = { ...this.#status, Stopping };
    this.#watch(this.#folder.process, () => void this.check().catch(this.#events.trouble));
    this.launched();
    await this.check();
    if (this.#status.Stopping) await this.stop(this.#status.Stopping);
  }

  /** Look at the record and the processes, and end the unit if they say so. Called on news, and now and then. */
  async check(): Promise<void> {
    if (this.#over) return;
    const record = this.#readRecord();
    if (record?.end) return this.#end(record);
    const launch = record?.launch ?? this.#launch;
    if (!launch && (record || !this.#answered)) return;
    // A killed reaper leaves an orphan that still runs: it is Running, though its exit will be nobody's to see.
    if (launch && (isAlive(launch.reaper) || isAlive(launch.command))) return;
    // The reaper may have written the exit and left between the two looks.
    return this.#end(this.#readRecord());
  }

  /** End the unit for `cause`; resolves when its processes are gone and its ending is being written. */
  async stop(cause: UnitCause): Promise<void> {
    this.#stopping ??= this.#stopProcesses(cause);
    await this.#stopping;
    await this.check();
    // Asked too early, or something would not die: the next who asks gets another try.
    if (!this.#over) this.#stopping = undefined;
  }

  async #stopProcesses(cause: UnitCause): Promise<void> {
    const record = this.#readRecord();
    const launch = record?.launch ?? this.#launch;
    if (!launch || record?.end || this.#over) return;
    // The wish is on disk before the first signal, so that whoever takes over knows why the command died.
    this.#status = { ...this.#status, Stopping: this.#status.Stopping ?? cause };
    this.#noteStopping(this.#status.Stopping ?? cause);
    await this.#save(this.#status).catch(() => undefined);
    const graceMs = floods.has(cause) ? 0 : this.#minding.cancelGraceMs;
    this.#reaped += await stopProcesses(this.id, launch, graceMs);
  }

  /** There is always room for it; a disk that takes nothing at all must not keep a command from being ended. */
  #noteStopping(cause: UnitCause): void {
    try {
      noteStopping(this.#folder.process, cause);
    } catch (error) {
      this.#events.trouble(error);
    }
  }

  /** Undefined when it is missing or cannot be read: one bad folder must not end the helper of all the others. */
  #readRecord(): ProcessRecord | undefined {
    try {
      return readRecord(this.#folder.process);
    } catch {
      return undefined;
    }
  }

  /** Wall clock of the last entry in the record, or of now when somebody took the record away. */
  #recordedAt(): number {
    try {
      return statSync(this.#folder.process).mtimeMs;
    } catch {
      return systemClock.now();
    }
  }

  async #end(record: ProcessRecord | undefined): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    this.#closeWatches();
    const finishedAt = record?.end ? this.#recordedAt() : systemClock.now();
    // What the command left behind may write until it is stopped: seal the output after that.
    await this.#stopping;
    const output = await this.#sealOutput();
    const final = finalStatus({
      status: this.#status,
      record,
      minding: this.#minding,
      written: readableStatus(this.#folder),
      said: this.#minding.runner === "tool" ? lastWords(this.#folder.log) : "",
      output,
      finishedAt,
      reaped: this.#reaped,
      leftRunning: this.#stopping ? 0 : this.#leftRunning(record),
      bootId: bootId(),
    });
    await this.#saveFinal(final);
  }

  async #sealOutput(): Promise<OutputDigest | Error> {
    try {
      return await sealOutput(this.#folder.stdout);
    } catch (error) {
      return error instanceof Error ? error : new Error(errorText(error));
    }
  }

  #leftRunning(record: ProcessRecord | undefined): number {
    const launch = record?.launch ?? this.#launch;
    if (launch?.reaper.bootId !== bootId()) return 0;
    // A reaper that was killed has not told whether it left anything.
    const mayHaveLeft = record?.end === undefined || (record.end.kind === "exit" && record.end.left);
    return mayHaveLeft ? unitProcesses(this.id, launch).length : 0;
  }

  #keepLimits(launch: ProcessLaunch): void {
    this.#limits ??= new Limits({ id: this.id, launch, stdout: this.#folder.stdout }, this.#minding, (cause) => {
      this.stop(cause).catch(this.#events.trouble);
    });
  }

  async #saveRunning(): Promise<void> {
    // A plugin runner owns the file while it runs; our copy of what it says is enough.
    if (this.#over || this.#minding.runner === "plugin") return;
    await this.#save({ ...this.#status, StdoutSize: outputSize(this.#folder.stdout) });
  }

  #readPluginStatus(): void {
    const written = readableStatus(this.#folder);
    if (!written || this.#over || isFinal(written.State)) return;
    this.#set({ ...this.#status, Detail: written.Detail, StdoutSize: written.StdoutSize });
  }

  /** What a tool says of itself stands behind `detail` while it runs. */
  #readWords(detail: string): void {
    const said = lastWords(this.#folder.log);
    const Detail = said === "" ? detail : `${detail}: ${said}`;
    if (!this.#over && Detail !== this.#status.Detail) this.#set({ ...this.#status, Detail });
  }

  #save(status: UnitStatus): Promise<UnitStatus> {
    return updateStatus(this.#folder, (now) => (now && isFinal(now.State) && this.#over ? now : { ...now, ...status }));
  }

  /** A full disk must not lose an ending: it is told at once, and written as soon as there is room. */
  async #saveFinal(final: UnitStatus): Promise<void> {
    for (let waitMs = 100; !(await this.#trySaveFinal(final)); waitMs = Math.min(waitMs * 2, longestRetryMs)) {
      if (!existsSync(this.#folder.dir)) break;
      this.#set(final);
      await systemClock.sleep(waitMs);
    }
    this.#set(final);
    this.#events.over();
  }

  async #trySaveFinal(final: UnitStatus): Promise<boolean> {
    try {
      await updateStatus(this.#folder, (now) => ({ ...withoutWishes(now), ...final }), { durable: true });
      return true;
    } catch {
      return false;
    }
  }

  #set(status: UnitStatus): void {
    this.#status = status;
    this.#events.status(status);
  }

  #watch(path: string, changed: () => void): void {
    try {
      this.#watchers.push(watch(path, { persistent: false }, changed).on("error", () => undefined));
    } catch {
      // Without a watch (limit reached, folder gone) the regular check still finds the end.
    }
  }

  #closeWatches(): void {
    clearTimeout(this.#runningTimer);
    this.#limits?.close();
    for (const watcher of this.#watchers.splice(0)) watcher.close();
  }
}

/** What was only wanted while the unit ran has no place in its final status. */
function withoutWishes(status: UnitStatus | undefined): Partial<UnitStatus> {
  const { Stopping, Queued, ...rest } = status ?? {};
  return rest;
}
