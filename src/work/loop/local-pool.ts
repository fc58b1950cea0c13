import { mkdirSync } from "node:fs";
import { type Clock, errorText, type Log } from "#core";
import { isAlive } from "../unit/process-table.ts";
import { killLeftBy, signalHelper } from "./helper-tree.ts";
import { HelperUse } from "./helper-use.ts";
import { ProcessCensus } from "./process-census.ts";
import { type LocalCard, readLocalCards, removeLocalCard, tokenHash } from "./local-card.ts";
import type { LoopHelper, Loops } from "./loops.ts";
import { type HelperView, scaling } from "./scaling.ts";
import type { UnitCause } from "../wire.ts";
import { type LocalPlace, type LocalType, startLocal, startOf } from "./start-local.ts";

/** All helpers are looked at so often. */
const lookMs = 500;
/** A helper that has not shown its token by then is no run loop. */
const firstWordMs = 30_000;
/** Between the end of a task and asking for the next. */
const betweenMs = 2_000;
/** One that is to go and has no task has so long, until it gets SIGTERM; and then until SIGKILL (CAT-90). */
const leaveMs = 10_000;
/** After helpers that ended without having had a task, the next is started so much later, up to the longest. */
const firstPauseMs = 500;
const longestPauseMs = 30_000;

export interface LocalPoolOptions {
  readonly loops: Loops;
  readonly place: LocalPlace;
  readonly log: Log;
  readonly clock: Clock;
}

interface Member {
  readonly card: LocalCard;
  readonly startedAt: number;
  idleSince: number;
  askedAt: number;
  isHeard: boolean;
  /** Absent for one whose work type is not configured now. */
  readonly use: HelperUse | undefined;
  /** When it was to be gone, and what it was sent for that. */
  leaving?: { since: number; sent: 0 | 1 | 2 };
}

/** The helpers this worker starts itself: as many as there is work for, replaced when they die, found again by the next daemon. */
export class LocalPool {
  readonly #options: LocalPoolOptions;
  readonly #types: readonly LocalType[];
  readonly #members = new Map<string, Member>();
  readonly #failures = new Map<string, { count: number; until: number }>();
  readonly #closing = new AbortController();
  readonly #changed = new Set<() => void>();
  #isDraining = false;
  #running: Promise<void> = Promise.resolve();

  /** Of the processes of all helpers. */
  readonly #census = new ProcessCensus();

  constructor(options: LocalPoolOptions) {
    this.#options = options;
    this.#types = options.loops.types.filter((type): type is LocalType => type.local !== undefined);
    mkdirSync(options.place.dir, { recursive: true, mode: 0o700 });
    for (const card of readLocalCards(options.place.dir)) this.#join(card, true);
  }

  /** Processes that run now. */
  get pids(): number[] {
    return [...this.#members.values()].map(({ card }) => card.process.pid);
  }

  /** The helper whose token this is, while its process lives: the token is good for no longer (CAT-86). */
  find(token: string): LoopHelper | undefined {
    const hash = tokenHash(token);
    const member = [...this.#members.values()].find(({ card }) => card.tokenSha256 === hash);
    if (!member || !isAlive(member.card.process)) return undefined;
    member.isHeard = true;
    return { id: member.card.id, workTypes: [member.card.workType], isRemote: false };
  }

  /** Whether the process of this helper lives. */
  has(id: string): boolean {
    const member = this.#members.get(id);
    return member !== undefined && isAlive(member.card.process);
  }

  /** Begin to start and stop helpers. */
  start(): void {
    this.#running = this.#run();
  }

  /** From now on none is started; they are sent home by {@link Loops.drain}. Resolves when all are gone. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#isDraining = true;
    while (this.#members.size > 0) {
      signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        this.#changed.add(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }

  /** Let go of them; they finish what they have, and wait for the next daemon for a while. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const { use } of this.#members.values()) use?.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { loops, clock } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const { news } = loops;
      for (const member of this.#members.values()) this.#look(member);
      for (const type of this.#types) await this.#scale(type);
      const done = new AbortController();
      const either = AbortSignal.any([signal, done.signal]);
      await Promise.race([news, clock.sleep(lookMs, either).catch(() => undefined)]);
      done.abort();
    }
  }

  async #scale(type: LocalType): Promise<void> {
    const { loops, clock } = this.#options;
    const { signal } = this.#closing;
    const now = clock.elapsed();
    const views = this.#of(type.workType).map((member) => this.#viewOf(member, now));
    const { start, dismiss } = scaling(loops.waitingOf(type.workType), views, type.local);
    for (const { id, reason } of dismiss) this.#dismiss(id, reason, now);
    if (now < (this.#failures.get(type.workType)?.until ?? 0)) return;
    for (let n = 0; n < start && !this.#isDraining && !signal.aborted; n++) await this.#startOne(type);
  }

  #of(workType: string): Member[] {
    return [...this.#members.values()].filter(({ card }) => card.workType === workType);
  }

  #viewOf(member: Member, now: number): HelperView {
    const { id } = member.card;
    const { has, given, isAsking } = this.#options.loops.workOf(id);
    if (has > 0) member.idleSince = now;
    if (has > 0 || isAsking) member.askedAt = now;
    // One that has just been started, or has just ended a task, will ask in a moment.
    const isReady = isAsking || now - member.askedAt < (given === 0 ? firstWordMs : betweenMs);
    return { id, has, given, isReady, idleMs: now - member.idleSince, isLeaving: member.leaving !== undefined };
  }

  #dismiss(id: string, reason: string, now: number): void {
    const member = this.#members.get(id);
    if (!member || member.leaving) return;
    member.leaving = { since: now, sent: 0 };
    this.#options.loops.dismiss(id, reason);
  }

  async #startOne(type: LocalType): Promise<void> {
    const { place, log } = this.#options;
    try {
      const { card, child } = await startLocal(type, place);
      this.#join(card, false);
      child.once("exit", (code, signal) => this.#end(card, signal ?? `exit code ${code}`));
      log.debug(`helper ${card.id} started`, { pid: card.process.pid, workType: card.workType });
    } catch (error) {
      log.error(`no helper for work type ${type.workType} could be started`, { error: errorText(error) });
      this.#failed(type.workType);
    }
  }

  #join(card: LocalCard, isFound: boolean): void {
    const now = this.#options.clock.elapsed();
    const type = this.#types.find(({ workType }) => workType === card.workType);
    const tasks = () => this.#options.loops.workOf(card.id);
    const use = type && new HelperUse(card, type, tasks, (cause) => this.#exceeded(card, cause), this.#census);
    this.#members.set(card.id, { card, startedAt: now, idleSince: now, askedAt: now, isHeard: isFound, use });
  }

  /** No patience: every moment is the whole machine's. Why it dies is on disk first. */
  #exceeded(card: LocalCard, cause: UnitCause): void {
    const { loops, log } = this.#options;
    log.warn(`helper ${card.id} uses more than it may and is killed`, { cause });
    const told = loops.exceeded(card.id, cause).catch((error: unknown) => {
      log.error(`why helper ${card.id} is killed could not be written`, { error: errorText(error) });
    });
    void told.then(() => signalHelper(card.process, "SIGKILL"));
  }

  /** One that is gone, does not begin, or does not go. */
  #look(member: Member): void {
    const { loops, clock, log } = this.#options;
    const { card, leaving, isHeard, startedAt } = member;
    const now = clock.elapsed();
    if (!isAlive(card.process)) return this.#end(card, "it is gone");
    if (!isHeard && now - startedAt > firstWordMs) {
      log.error(`helper ${card.id} has not shown its token in ${firstWordMs / 1_000} s: it is no run loop`);
      return signalHelper(card.process, "SIGKILL");
    }
    if (this.#isDraining) this.#dismiss(card.id, "the worker stops", now);
    else if (!this.#isAsConfigured(card)) this.#dismiss(card.id, "its work type was changed", now);
    if (!leaving) return;
    if (loops.workOf(card.id).has > 0) leaving.since = now;
    const signals = ["SIGTERM", "SIGKILL"] as const;
    const next = leaving.sent === 2 ? undefined : signals[leaving.sent];
    if (next === undefined || now - leaving.since < leaveMs * (leaving.sent + 1)) return;
    leaving.sent++;
    signalHelper(card.process, next);
  }

  /** One that an earlier daemon has started runs what its work type was then. */
  #isAsConfigured({ workType, startedWith }: LocalCard): boolean {
    const type = this.#types.find((known) => known.workType === workType);
    return type !== undefined && startOf(type) === startedWith;
  }

  #end(card: LocalCard, how: string): void {
    this.#ended(card, how).catch((error: unknown) => {
      this.#options.log.error(`the end of helper ${card.id} was not seen to`, { error: errorText(error) });
    });
  }

  /** What it left is killed before anybody else gets its tasks: nothing runs twice at once. */
  async #ended(card: LocalCard, how: string): Promise<void> {
    const { loops, place, log } = this.#options;
    const member = this.#members.get(card.id);
    if (!member || !this.#members.delete(card.id)) return;
    member.use?.close();
    const { given } = loops.workOf(card.id);
    const isClean = await killLeftBy(card.id);
    if (!isClean) log.error(`processes that helper ${card.id} left do not end`);
    removeLocalCard(place.dir, card.id);
    const wasTold = member.leaving !== undefined || this.#isDraining;
    if (given > 0 || wasTold) this.#failures.delete(card.workType);
    else this.#failed(card.workType);
    if (!wasTold) log.warn(`helper ${card.id} ended: ${how}`, { given });
    await loops.gone(card.id, `its helper ${card.id} ended (${how})`);
    for (const tell of this.#changed) tell();
    this.#changed.clear();
  }

  #failed(workType: string): void {
    const count = (this.#failures.get(workType)?.count ?? 0) + 1;
    const pause = Math.min(firstPauseMs * 2 ** (count - 1), longestPauseMs);
    this.#failures.set(workType, { count, until: this.#options.clock.elapsed() + pause });
  }
}
