import { mkdirSync } from "node:fs";
import { errorText, type Log } from "#core";
import { isAlive } from "../unit/process-table.ts";
import { isFinal, type UnitCause, type UnitStatus } from "../wire.ts";
import { type HelperCard, readCards, removeCard } from "./helper-card.ts";
import { connectHelper, type HelperEvents, type HelperProcess, killHelper, startHelper } from "./helper-process.ts";
import type { Launch, Minding, Report } from "./wire.ts";

/** Helpers that do not start in a row before the units that wait are told. */
const startTries = 3;
/** Helpers are asked this often whether they are there. */
const pingMs = 5_000;
/** One that has not said anything since so many pings hangs; its units go to another. */
const pingLimit = 3;
/** A helper that minds nothing for this long is told to go. */
const idleMs = 600_000;

/** What the pool tells the owner of the units. */
export interface PoolEvents {
  status(unit: string, status: UnitStatus): void;
  /** The helper of these units died. Whether their commands were launched stands in their records. */
  orphaned(units: readonly string[]): void;
  /** Another attempt owns the unit. */
  refused(unit: string): void;
}

export interface PoolOptions {
  /** Private folder (0700) for sockets and cards. */
  readonly dir: string;
  readonly unitsDir: string;
  readonly version: string;
  readonly maxHelpers: number;
  /** A helper with this many units is busy: one more is started, while `maxHelpers` allows. */
  readonly unitsPerHelper: number;
  readonly log: Log;
  readonly events: PoolEvents;
}

interface Member {
  readonly helper: HelperProcess;
  readonly units: Set<string>;
  /** Pings since it last said something. Counted, not timed: a daemon that slept must not blame its helpers. */
  pings: number;
  draining: boolean;
  idle: NodeJS.Timeout | undefined;
}

/** The helpers of one daemon: found again, started, replaced, scaled. */
export class HelperPool {
  readonly #options: PoolOptions;
  readonly #members = new Map<string, Member>();
  readonly #pinging: NodeJS.Timeout;
  #starting: Promise<Member> | undefined;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    mkdirSync(options.dir, { recursive: true, mode: 0o700 });
    this.#pinging = setInterval(() => this.#ping(), pingMs).unref();
  }

  get helperCount(): number {
    return this.#members.size;
  }

  get pids(): number[] {
    return [...this.#members.values()].map(({ helper }) => helper.card.process.pid);
  }

  /** Is some living helper minding this unit? */
  minds(unit: string): boolean {
    return this.#memberOf(unit) !== undefined;
  }

  /** Connect to every helper an earlier daemon left. Call before looking at unit folders. */
  async adoptHelpers(): Promise<void> {
    await Promise.all(readCards(this.#options.dir).map((card) => this.#adoptHelper(card)));
  }

  async start(unit: string, fence: number, launch: Launch, minding: Minding, status: UnitStatus): Promise<void> {
    const member = await this.#member();
    this.#give(member, unit);
    member.helper.send({ kind: "start", unit, fence, launch, minding, status });
  }

  /** Let a helper mind a unit whose command was launched by one that is gone. */
  async adopt(unit: string, minding: Minding, status: UnitStatus): Promise<void> {
    const member = await this.#member();
    this.#give(member, unit);
    member.helper.send({ kind: "adopt", unit, minding, status });
  }

  /** Start a helper now rather than when the first unit waits for it. */
  warmUp(): void {
    this.#member().catch((error: unknown) => {
      if (!this.#closed) this.#options.log.error("no helper could be started", { error: errorText(error) });
    });
  }

  /** @returns false when no helper minds the unit. */
  stop(unit: string, cause: UnitCause): boolean {
    const member = this.#memberOf(unit);
    member?.helper.send({ kind: "stop", unit, cause });
    return member !== undefined;
  }

  /** Let go of the helpers. Those with units finish them, the others leave soon. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#pinging);
    for (const member of this.#members.values()) this.#letGo(member);
    this.#members.clear();
  }

  async #adoptHelper(card: HelperCard): Promise<void> {
    const { dir, version, log } = this.#options;
    if (!isAlive(card.process)) return removeCard(dir, card.id);
    try {
      const { helper, units } = await connectHelper(dir, card, this.#helperEvents);
      const member = this.#join(helper, units);
      if (card.version !== version) this.#drain(member);
      log.debug(`helper ${card.id} found again`, { pid: card.process.pid, units: units.length });
    } catch (error) {
      log.warn(`helper ${card.id} does not answer and is replaced`, { error });
      killHelper(card);
      removeCard(dir, card.id);
    }
  }

  /** The least busy helper; another one is started when all are busy. */
  async #member(): Promise<Member> {
    const open = [...this.#members.values()].filter((member) => !member.draining);
    const least = open.reduce<Member | undefined>((a, b) => (a && a.units.size <= b.units.size ? a : b), undefined);
    const { maxHelpers, unitsPerHelper } = this.#options;
    const full = !least || (least.units.size >= unitsPerHelper && open.length < maxHelpers);
    if (!full) return least;
    this.#starting ??= this.#startMember().finally(() => {
      this.#starting = undefined;
    });
    // A busy helper is still better than waiting for a new one.
    return least ?? this.#starting;
  }

  /** A helper that is killed before it ever answers is no reason to fail the units that wait for it. */
  async #startMember(): Promise<Member> {
    const { dir, unitsDir, version, log } = this.#options;
    for (let tries = 1; ; tries++) {
      try {
        const { helper, units } = await startHelper(dir, unitsDir, version, this.#helperEvents);
        log.debug(`helper ${helper.id} started`, { pid: helper.card.process.pid });
        return this.#join(helper, units);
      } catch (error) {
        if (tries === startTries || this.#closed) throw error;
        log.warn("a helper did not start; another is tried", { error: errorText(error) });
      }
    }
  }

  readonly #helperEvents: HelperEvents = {
    report: (report, id) => this.#hear(report, id),
    lost: (id) => this.#lost(id),
  };

  #join(helper: HelperProcess, units: readonly string[]): Member {
    const member: Member = {
      helper,
      units: new Set(units),
      pings: 0,
      draining: false,
      idle: undefined,
    };
    // One that was still starting when the pool closed would keep the daemon alive.
    if (this.#closed) {
      this.#letGo(member);
      return member;
    }
    this.#members.set(helper.id, member);
    this.#restWhenIdle(member);
    return member;
  }

  #letGo(member: Member): void {
    clearTimeout(member.idle);
    member.helper.send({ kind: "drain" });
    member.helper.close();
  }

  #give(member: Member, unit: string): void {
    clearTimeout(member.idle);
    member.units.add(unit);
  }

  #hear(report: Report, id: string): void {
    const member = this.#members.get(id);
    if (member) member.pings = 0;
    if (report.kind === "welcome" || report.kind === "pong") return;
    const owner = this.#memberOf(report.unit);
    // A unit is spoken of by who minds it, and by nobody else.
    if (owner && owner.helper.id !== id) {
      this.#options.log.warn(`helper ${id} speaks of a unit of another; that is ignored`, { unit: report.unit });
      return;
    }
    if (report.kind === "refused") {
      this.#take(report.unit);
      this.#options.events.refused(report.unit);
      return;
    }
    if (isFinal(report.status.State)) this.#take(report.unit);
    this.#options.events.status(report.unit, report.status);
  }

  #take(unit: string): void {
    const member = this.#memberOf(unit);
    if (!member) return;
    member.units.delete(unit);
    this.#restWhenIdle(member);
  }

  #restWhenIdle(member: Member): void {
    clearTimeout(member.idle);
    if (member.units.size === 0) member.idle = setTimeout(() => this.#drain(member), idleMs);
  }

  #drain(member: Member): void {
    member.draining = true;
    member.helper.send({ kind: "drain" });
  }

  /** A helper that hangs (stopped, or its disk does) is killed; its units do not need it. */
  #ping(): void {
    for (const member of this.#members.values()) {
      if (member.pings < pingLimit) {
        member.pings++;
        member.helper.send({ kind: "ping" });
      } else {
        this.#options.log.warn(`helper ${member.helper.id} does not answer and is replaced`);
        member.helper.kill();
      }
    }
  }

  #lost(id: string): void {
    const member = this.#members.get(id);
    if (!member || this.#closed) return;
    this.#members.delete(id);
    clearTimeout(member.idle);
    member.helper.kill();
    removeCard(this.#options.dir, id);
    if (member.units.size > 0) this.#options.log.warn(`helper ${id} died`, { units: member.units.size });
    this.#options.events.orphaned([...member.units]);
  }

  #memberOf(unit: string): Member | undefined {
    return [...this.#members.values()].find((member) => member.units.has(unit));
  }
}
