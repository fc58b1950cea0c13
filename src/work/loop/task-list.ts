/** A task that a helper has for as long as it keeps saying so. */
export interface Lease {
  readonly unit: string;
  readonly workType: string;
  readonly helper: string;
  /** Of all the times this task was handed out, which one this is. */
  readonly fence: number;
  /** Without a word for so long it is over. */
  readonly leaseMs: number;
  /** Awake time of the grant, and of the helper's last word. */
  readonly grantedAt: number;
  heardAt: number;
  /** Awake time at which it is over whatever the helper says: it was told to stop and has not. */
  cutAt?: number;
}

/** A work type as a helper may take of it. */
export interface TypeLimit {
  readonly workType: string;
  /** Tasks of this type that helpers may have at once. */
  readonly maxUnits: number | undefined;
}

/**
 * Tasks that wait and tasks that helpers have. Pure: no clock, no disk. Times are those of {@link AwakeTime}.
 *
 * A task that comes back goes before those that never were with a helper.
 */
export class TaskList {
  readonly #again = new Map<string, string>();
  readonly #waiting = new Map<string, string>();
  readonly #leases = new Map<string, Lease>();
  /** Taken off the list, and not yet on disk as anybody's. */
  readonly #taken = new Map<string, string>();

  /** @param isAgain it was with a helper before. */
  wait(unit: string, workType: string, isAgain = false): void {
    (isAgain ? this.#again : this.#waiting).set(unit, workType);
  }

  /** Off the list, if it was on it. */
  leave(unit: string): boolean {
    return this.#again.delete(unit) || this.#waiting.delete(unit);
  }

  /** How many of a type wait. */
  waitingOf(workType: string): number {
    return [...this.#again.values(), ...this.#waiting.values()].filter((type) => type === workType).length;
  }

  /** The task that has waited longest of those that a helper may take now. Grant it, or put it back. */
  take(types: readonly TypeLimit[]): string | undefined {
    const open = new Set(types.filter((type) => this.#hasRoom(type)).map(({ workType }) => workType));
    for (const list of [this.#again, this.#waiting]) {
      for (const [unit, workType] of list) {
        if (!open.has(workType)) continue;
        list.delete(unit);
        this.#taken.set(unit, workType);
        return unit;
      }
    }
    return undefined;
  }

  #hasRoom({ workType, maxUnits }: TypeLimit): boolean {
    if (maxUnits === undefined) return true;
    const held = [...this.#leases.values()].filter((lease) => lease.workType === workType).length;
    return held + [...this.#taken.values()].filter((type) => type === workType).length < maxUnits;
  }

  /** What was taken, or what an earlier daemon had given, is a helper's. */
  grant(lease: Lease): void {
    this.#taken.delete(lease.unit);
    this.#leases.set(lease.unit, lease);
  }

  /** Is it off the list, to become somebody's in a moment? */
  isTaken(unit: string): boolean {
    return this.#taken.has(unit);
  }

  /** What was taken is nobody's after all. */
  untake(unit: string): void {
    this.#taken.delete(unit);
  }

  /** The lease of a task, whoever has it. */
  leaseOf(unit: string): Lease | undefined {
    return this.#leases.get(unit);
  }

  /** The lease, if it is this helper's and this very one. */
  held(unit: string, helper: string, fence: number): Lease | undefined {
    const lease = this.#leases.get(unit);
    return lease?.helper === helper && lease.fence === fence ? lease : undefined;
  }

  leasesOf(helper: string): Lease[] {
    return [...this.#leases.values()].filter((lease) => lease.helper === helper);
  }

  all(): Lease[] {
    return [...this.#leases.values()];
  }

  /** End exactly this lease. @returns false when it is over already. */
  end(lease: Lease): boolean {
    return this.#leases.get(lease.unit) === lease && this.#leases.delete(lease.unit);
  }

  /** Leases that are over by now. They stay until they are ended. */
  expired(now: number): Lease[] {
    return [...this.#leases.values()].filter(
      ({ heardAt, leaseMs, cutAt }) => now - heardAt >= leaseMs || (cutAt !== undefined && now >= cutAt),
    );
  }
}
