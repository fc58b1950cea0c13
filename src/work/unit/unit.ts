import { isFinal, isSecretName, remoteType, stateName, UnitState, type UnitReport, type UnitStatus } from "../wire.ts";
import { outputSize } from "./output.ts";
import type { UnitFolder } from "./unit-folder.ts";

/** One unit as the daemon knows it. Its status is in memory, so that a list of thousands reads no disk. */
export class Unit {
  readonly id: string;
  readonly folder: UnitFolder;
  readonly #changed: (unit: Unit) => void;
  #status: UnitStatus;
  #revision = 0;
  #waiting: Set<() => void> | undefined;

  /** @param changed hears of every change of the status. */
  constructor(id: string, folder: UnitFolder, status: UnitStatus, changed: (unit: Unit) => void = () => {}) {
    this.id = id;
    this.folder = folder;
    this.#status = status;
    this.#changed = changed;
  }

  get status(): UnitStatus {
    return this.#status;
  }

  /** Grows with every change; give it to {@link changedSince} to miss none. */
  get revision(): number {
    return this.#revision;
  }

  get isFinal(): boolean {
    return isFinal(this.#status.State);
  }

  /** A final state stays: nothing that comes later can be truer. */
  set(status: UnitStatus): void {
    if (this.isFinal && status.State !== this.#status.State) return;
    this.#status = status;
    this.#revision++;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    for (const wake of waiting ?? []) wake();
    this.#changed(this);
  }

  /** Resolves as soon as the status differs from the one at `revision`. @throws the reason of `signal`. */
  changedSince(revision: number, signal: AbortSignal): Promise<void> {
    if (this.#revision !== revision) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const waiting = (this.#waiting ??= new Set());
      const wake = () => {
        signal.removeEventListener("abort", stop);
        resolve();
      };
      const stop = () => {
        waiting.delete(wake);
        reject(signal.reason as Error);
      };
      if (signal.aborted) return stop();
      waiting.add(wake);
      signal.addEventListener("abort", stop, { once: true });
    });
  }

  /** Resolves once `reached` holds. @throws the reason of `signal`. */
  async until(reached: (status: UnitStatus) => boolean, signal: AbortSignal): Promise<void> {
    while (!reached(this.#status)) await this.changedSince(this.#revision, signal);
  }

  /** What `work status` answers. While the unit runs, the size is the file's own. */
  report(): UnitReport {
    const { State, Detail, StdoutSize, WorkType, ExtraData, Order, Twin, Loop, ...own } = this.#status;
    return {
      State,
      StateName: stateName(State),
      Detail,
      StdoutSize: State === UnitState.Running ? this.#sizeNow() : StdoutSize,
      WorkType,
      ExtraData: withoutSecrets(ExtraData),
      ...own,
    };
  }

  #sizeNow(): number {
    const { StdoutSize, WorkType } = this.#status;
    try {
      const size = outputSize(this.folder.stdout);
      // A mirror's output may be behind the size its twin has told.
      return WorkType === remoteType ? Math.max(size, StdoutSize) : size;
    } catch {
      return StdoutSize;
    }
  }
}

/** Params called `secret_…` are for the remote node alone (spec §1.10). */
function withoutSecrets(extra: unknown): unknown {
  const { RemoteParams } = (extra ?? {}) as { RemoteParams?: unknown };
  if (typeof RemoteParams !== "object" || RemoteParams === null) return extra;
  const shown = Object.entries(RemoteParams).filter(([name]) => !isSecretName(name));
  return { ...(extra as object), RemoteParams: Object.fromEntries(shown) };
}
