import { type Clock, errorText, type Log } from "#core";
import { WorkError } from "../errors.ts";
import { outputSize } from "../unit/output.ts";
import { moveFence, readRecord } from "../unit/process-record.ts";
import { bootId } from "../unit/process-table.ts";
import { updateStatus } from "../unit/status-file.ts";
import type { Unit } from "../unit/unit.ts";
import { isFinal, type TwinRecord, type UnitCause, type UnitStatus } from "../wire.ts";
import { decodeRemoteData, type RemoteData } from "./remote-data.ts";

/** Fences of the process record: of work that was given to nobody, and of work whose node may start it. */
const keptFence = 1;
const givenFence = 2;
/** Status that is only news goes to disk this often at most. */
const writeMs = 1_000;

/** How a mirror ends. */
export type MirrorEnding = Pick<UnitStatus, "State" | "Detail"> & { readonly Cause: UnitCause } & Partial<UnitStatus>;

/** The status of a remote unit, in memory and on disk. Only this daemon writes it, one write after another. */
export class MirrorRecord {
  readonly unit: Unit;
  readonly #clock: Pick<Clock, "now">;
  readonly #log: Log;
  #writing: Promise<unknown> = Promise.resolve();
  #later: NodeJS.Timeout | undefined;
  #finishing: Promise<void> | undefined;
  #isClosed = false;

  constructor(unit: Unit, clock: Pick<Clock, "now">, log: Log) {
    this.unit = unit;
    this.#clock = clock;
    this.#log = log;
  }

  /** @throws {WorkError} `STORAGE_FAILED` when the status on disk was damaged. */
  get data(): RemoteData {
    const data = decodeRemoteData(this.unit.status.ExtraData);
    if (!data) throw new WorkError("STORAGE_FAILED", `what unit ${this.unit.id} says of its node is damaged`);
    return data;
  }

  get twin(): TwinRecord {
    return this.unit.status.Twin ?? { Token: "" };
  }

  /** Started over there, or asked to: only a node that is asked can say whether anything runs. */
  get mayHaveStarted(): boolean {
    return this.data.RemoteStarted || this.twin.Sent === true;
  }

  /** The machine has gone down since this unit was made, and its node is not known to speak Receptor's protocol. */
  get isOfAnotherBoot(): boolean {
    const { BootId, Protocol } = this.twin;
    return BootId !== undefined && BootId !== bootId() && Protocol !== "receptor";
  }

  /** Its process record does not say that nobody was told to start it; see {@link noteSent}. */
  get isGivenAway(): boolean {
    return (readRecord(this.unit.folder.process)?.fence ?? keptFence) !== keptFence;
  }

  /**
   * In a file when it resolves, not flushed: the node is about to be told to start. The fence of a record that is there
   * already says it, where the unit has its own id over there; that costs a tenth of another status.
   */
  async noteSent(): Promise<void> {
    const Twin = { ...this.twin, Sent: true };
    const { id, folder } = this.unit;
    const isOwnId = this.data.RemoteUnitID === id;
    if (isOwnId && (await moveFence(folder.process, keptFence, givenFence).catch(() => false)))
      this.learn({}, { Twin });
    else await this.keep({}, { Twin }, { flushed: false });
  }

  /** What the twin's status says now: what it no longer says is forgotten. */
  told(status: Partial<UnitStatus>): void {
    this.show(status, ["Queued"]);
  }

  /** News: in memory at once, on disk soon. */
  show(news: Partial<UnitStatus>, forgotten: readonly (keyof UnitStatus)[] = []): void {
    this.#set(news, forgotten);
    if (this.#isClosed || this.unit.isFinal) return;
    this.#later ??= setTimeout(() => {
      this.#later = undefined;
      this.#write(false).catch((error: unknown) => this.#log.warn("status not written", { error: errorText(error) }));
    }, writeMs).unref();
  }

  /** Why nothing comes in now. */
  stall(why: string): void {
    this.show({ Stalled: why.slice(0, 1_000) });
  }

  /** What is known of the twin now, in memory alone: whoever forgets it can find it out again. */
  learn(data: Partial<RemoteData>, status: Partial<UnitStatus> = {}): void {
    this.#set({ ...status, ExtraData: { ...this.data, ...data } });
  }

  /**
   * What must be known after a restart before anything is done about it: in the file when it resolves.
   *
   * @param flushed it is also on disk, for the case that the machine goes down.
   */
  async keep(data: Partial<RemoteData>, status: Partial<UnitStatus> = {}, { flushed = true } = {}): Promise<void> {
    this.learn(data, status);
    await this.#write(flushed);
  }

  /**
   * Told only when it is on disk, or cannot be put there. A final unit keeps the ending it has, and of two that come at
   * once the first stays.
   */
  async finish(ending: MirrorEnding): Promise<void> {
    if (this.unit.isFinal || this.#isClosed) return;
    this.#finishing ??= this.#finish(ending);
    await this.#finishing;
  }

  async #finish(ending: MirrorEnding): Promise<void> {
    const FinishedAt = new Date(this.#clock.now()).toISOString();
    const { Stopping, Queued, Stalled, ...status } = this.unit.status;
    // An ending that says nothing of the output leaves the size that is here: what its node promised never came.
    const StdoutSize = this.#sizeHere();
    const Twin = { ...this.twin, EndedAt: FinishedAt };
    const final = { ...status, StdoutSize, FinishedAt, ...ending, Twin };
    // News that were to be written soon are in it, or over.
    clearTimeout(this.#later);
    await this.#write(true, final).catch((error: unknown) => {
      this.#log.error(`status of unit ${this.unit.id} cannot be written`, { error: errorText(error) });
    });
    this.unit.set({ ...final, ExtraData: this.unit.status.ExtraData });
  }

  /** Nothing is written any more: the unit is gone, or belongs to the next daemon. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#later);
  }

  #sizeHere(): number {
    try {
      return outputSize(this.unit.folder.stdout);
    } catch {
      return 0;
    }
  }

  #set(change: Partial<UnitStatus>, forgotten: readonly (keyof UnitStatus)[] = []): void {
    const { Stalled, ...status } = this.unit.status;
    for (const field of forgotten) delete (status as Partial<UnitStatus>)[field];
    this.unit.set({ ...status, ...change });
  }

  #write(durable: boolean, final?: UnitStatus): Promise<void> {
    const write = async () => {
      await updateStatus(this.unit.folder, (now) => this.#next(now, final), { durable });
    };
    const written = this.#writing.then(write);
    this.#writing = written.catch(() => undefined);
    return written;
  }

  #next(now: UnitStatus | undefined, final: UnitStatus | undefined): UnitStatus {
    if (this.#isClosed) throw new WorkError("STORAGE_FAILED", "the daemon is shutting down");
    const next = final ? { ...final, ExtraData: this.unit.status.ExtraData } : this.unit.status;
    return now && isFinal(now.State) && !isFinal(next.State) ? now : next;
  }
}
