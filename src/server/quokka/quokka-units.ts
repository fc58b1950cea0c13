import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, errorText, type Log } from "#core";
import type { DrawnPathLine } from "#tools/wire";
import { askedParams, UnitState } from "#work/wire";
import { RemoteError } from "#fleet";
import { sendToQueue } from "#mesh";
import { ServerError } from "../errors.ts";
import { Allowance } from "../line/allowance.ts";
import type { Asker } from "../line/worker-lines.ts";
import { dropQuokkaUnit, quokkaUnits, storeQuokkaUnit } from "../store/quokka.ts";
import type { Store } from "../store/store.ts";
import { type UnitIndex, unitsKeptMs } from "../units/unit-index.ts";
import { captureMs, quokkaCommand } from "./command.ts";
import { type Ending, endingInTime, endsAt, isTooOld, newsOfJob, packetsText, type QuokkaJob } from "./job.ts";
import { OutputFolder } from "./output-folder.ts";
import { quokkaPlace } from "./place.ts";
import { packetOfHexDump, pcapHeader, pcapRecord, workerTime } from "./rebuilt-packet.ts";
import { scanLines } from "./scan-lines.ts";
import { storedPackets } from "./stored-capture.ts";
import { outputsToGo, storedOutputs } from "./stored-outputs.ts";
import { commandInfo, type QuokkaOrder, type QuokkaPackets, type QuokkaResult } from "./wire.ts";
import type { QuokkaWorker, QuokkaWorkers } from "./workers.ts";

/** What that program's own server logs in with, and its broker expects (spec §4.2). */
const brokerLogin = "quokkaUser:quokkaPass";
const brokerMs = 10_000;
/** Orders of one worker that have not ended. */
const maxActive = 100;
/** Packets a second of one worker, so many at once. */
const packetPace = { most: 2_000, everyMs: 1 };
/** Output of all units together. */
const maxStoredBytes = 4 * 1024 * 1024 * 1024;
const tidyMs = 60_000;
const pictureChars = 16 * 1024 * 1024;

export interface QuokkaUnitsOptions {
  readonly store: Store;
  readonly index: Pick<UnitIndex, "put" | "release">;
  readonly workers: QuokkaWorkers;
  /** A folder for each worker, in it one for each unit. */
  readonly folder: string;
  readonly clock: Pick<Clock, "now" | "elapsed">;
  readonly log: Log;
  /** Host that workers are told to send results to, when that is not where their heartbeats arrive. */
  readonly host?: string | undefined;
  readonly maxStoredBytes?: number;
  /** By which it is decided what was kept for long enough; absent: the clock. */
  readonly ages?: Pick<Clock, "now"> | undefined;
  /** Output is kept for so long after its last byte, milliseconds; absent: as long as units that are no more. */
  readonly keptMs?: number | undefined;
}

/**
 * What workers of Quokka are asked to do, as units. An order leaves at most once, and nothing acknowledges it: a unit is `Pending`
 * until something of it comes back, and ends with its result, or by time.
 */
export class QuokkaUnits {
  readonly #options: QuokkaUnitsOptions;
  readonly #jobs = new Map<string, QuokkaJob>();
  /** New ones until they are stored, and orders until it is stored that they leave: no heartbeat takes them. */
  readonly #settling = new Set<QuokkaJob>();
  /** Ended, and that is not stored yet: it is tried again. */
  readonly #unsettled = new Map<QuokkaJob, HowEnded>();
  /** Packets that had come when a unit was stored last. */
  readonly #told = new WeakMap<QuokkaJob, number>();
  readonly #folders = new Map<string, OutputFolder>();
  readonly #paces = new Map<string, Allowance>();
  /** Where heartbeats of each worker arrive. */
  readonly #arrivals = new Map<string, string>();
  #stored = 0;
  #tidiedAt = Number.NEGATIVE_INFINITY;
  #orders = 0;

  constructor(options: QuokkaUnitsOptions) {
    this.#options = options;
  }

  /** Of outputs of all units. */
  get storedBytes(): number {
    return this.#stored;
  }

  async load(): Promise<void> {
    for (const { job } of await quokkaUnits(this.#options.store.db)) await this.#comeBack(JSON.parse(job) as QuokkaJob);
    await this.#count();
  }

  /** A unit as an earlier process has left it. What that one did not store is found out. */
  async #comeBack(job: QuokkaJob): Promise<void> {
    const worker = this.#options.workers.get(job.workerId);
    if (!job.ended && job.startedAt !== undefined)
      job.packets = await storedPackets(join(this.#options.folder, job.workerId, job.unit));
    this.#keep(job);
    this.#told.set(job, cameOf(job));
    // That it leaves is stored before it does: this one never left.
    if (worker?.connection === "rabbitmq" && job.sentAt === undefined && !job.ended) this.#publishSoon(worker, job);
  }

  /** @throws {ServerError} QUOKKA_PARAMS, QUOKKA_UNABLE, QUOKKA_BUSY. @throws {RemoteError} UNIT_TAKEN. */
  async submit(
    worker: QuokkaWorker,
    wanted: { readonly workType: string; readonly params: Readonly<Record<string, string>>; readonly unit?: string },
    { name, level, userId }: Asker,
  ): Promise<string> {
    const { clock } = this.#options;
    if (wanted.workType !== worker.type)
      throw new ServerError("QUOKKA_UNABLE", `this worker of Quokka does ${worker.type} and nothing else`);
    const command = quokkaCommand(worker.type, wanted.params);
    const mine = this.#of(worker.id);
    if (worker.type === "capture" && mine.length > 0)
      throw new ServerError("QUOKKA_BUSY", "this worker captures already, or has not left off: that takes 3 minutes");
    if (mine.length >= maxActive) throw new ServerError("QUOKKA_BUSY", `this worker has ${maxActive} orders already`);
    const unit = wanted.unit ?? randomBytes(8).toString("hex");
    // Of two that ask for the same id at once, neither sees the other in the index yet.
    if (this.#jobs.has(keyOf(worker.id, unit)))
      throw new RemoteError({ code: "UNIT_TAKEN", status: 409, message: `unit ${unit} is there already` });
    const token = randomBytes(16).toString("base64url");
    const job: QuokkaJob = {
      ...{ unit, workerId: worker.id, type: worker.type, command, token, params: askedParams(wanted.params) },
      ...{ requestedBy: { user: `${name} (${userId})`, level }, createdAt: clock.now(), packets: 0, dropped: 0 },
    };
    await this.#begin(job);
    if (worker.connection === "rabbitmq") this.#publishSoon(worker, job);
    return unit;
  }

  /** What goes out with a heartbeat, now and never again. @param arrivedAt our own address that it reached. */
  async orders(worker: QuokkaWorker, arrivedAt: string): Promise<QuokkaOrder[]> {
    this.#arrivals.set(worker.id, arrivedAt);
    if (worker.connection === "rabbitmq") return [];
    const isDue = (job: QuokkaJob): boolean => job.sentAt === undefined && !job.ended && !this.#settling.has(job);
    const leaving = await this.#leave(this.#of(worker.id).filter(isDue));
    const { host, serial, type: workerType } = worker;
    return leaving.map((job) => ({ id: ++this.#orders, host, serial, workerType, info: this.#info(worker, job) }));
  }

  /** Packets of a capture; which one they belong to only time tells (spec §17). */
  async captured(worker: QuokkaWorker, { timestamp, packets }: QuokkaPackets): Promise<void> {
    const { clock } = this.#options;
    const job = this.#of(worker.id).find(({ sentAt, ended }) => sentAt !== undefined && !ended);
    if (!job) return;
    const folder = this.folder(worker.id, job.unit);
    const isFirst = job.startedAt === undefined;
    job.startedAt ??= clock.now();
    if (folder.bytes === 0) this.#write(job, "output", pcapHeader());
    for (const { hexdump, ...layers } of packets) {
      if (job.packets >= job.command.packets) break;
      const bytes = typeof hexdump === "string" ? packetOfHexDump(hexdump) : undefined;
      if (!bytes || !this.#paceOf(worker.id).take() || this.#isFull(job, folder, bytes.length)) {
        job.dropped++;
        continue;
      }
      job.packets++;
      this.#write(job, "output", pcapRecord(bytes, workerTime(timestamp, clock.now())));
      this.#write(job, "layers.jsonl", Buffer.from(`${JSON.stringify(layers)}\n`));
    }
    if (isFirst) await this.#changed(job);
    if (job.packets >= job.command.packets || folder.bytes >= job.command.bytes)
      await this.#end(job, { state: UnitState.Succeeded, detail: packetsText(job.packets, job.dropped) });
  }

  /** A scan is done. One that nobody waits for is nothing. */
  async scanned(worker: QuokkaWorker, { token, result }: QuokkaResult): Promise<void> {
    const job = this.#awaited(worker.id, token);
    if (!job) return;
    const lines = scanLines(result, job.command.subject).map((line) => `${JSON.stringify(line)}\n`);
    const [text, output] = [Buffer.from(result), Buffer.from(lines.join(""))];
    if (!(await this.#hasRoom(text.length + output.length))) return await this.#end(job, noRoom);
    this.#write(job, "scan.txt", text);
    this.#write(job, "output", output);
    await this.#end(job, { state: UnitState.Succeeded, detail: `scan of ${job.command.subject}` });
  }

  /** A picture of a path has come; hops are not told (spec §5.3). */
  async traced(worker: QuokkaWorker, { token, result }: QuokkaResult): Promise<void> {
    const job = this.#awaited(worker.id, token);
    if (!job) return;
    const picture = result.length <= pictureChars ? Buffer.from(result, "base64") : Buffer.alloc(0);
    const isPng = picture.subarray(0, 8).equals(pngSignature);
    const { subject: target } = job.command;
    const lines: readonly DrawnPathLine[] = [
      ...(isPng ? [{ type: "picture", mediaType: "image/png", base64: picture.toString("base64") } as const] : []),
      { type: "summary", target, program: "quokka", method: "tcp", picture: isPng },
    ];
    const output = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    if (!(await this.#hasRoom(picture.length + output.length))) return await this.#end(job, noRoom);
    if (isPng) this.#write(job, "path.png", picture);
    this.#write(job, "output", output);
    await this.#end(job, {
      state: UnitState.Succeeded,
      detail: `path to ${target}${isPng ? "" : ", without a picture"}`,
    });
  }

  /** It is waited for no more; the program itself knows no way to be stopped. */
  async cancel(workerId: string, unit: string): Promise<void> {
    const job = this.#jobs.get(keyOf(workerId, unit));
    if (!job || job.ended) return;
    const isOut = job.sentAt !== undefined && !this.#settling.has(job);
    const detail = isOut ? "no longer waited for: the program cannot be stopped" : "cancelled before it was sent";
    await this.#end(job, { state: UnitState.Canceled, cause: "CANCELED", detail });
  }

  /** Forget a unit with its output. */
  async release(workerId: string, unit: string): Promise<void> {
    await this.cancel(workerId, unit);
    const folder = this.folder(workerId, unit);
    this.#stored -= folder.bytes;
    await folder.remove();
    this.#folders.delete(keyOf(workerId, unit));
    await this.#options.index.release(workerId, [unit]);
  }

  /** Whether more of its output may come. */
  isOpen(workerId: string, unit: string): boolean {
    const job = this.#jobs.get(keyOf(workerId, unit));
    return job !== undefined && !job.ended;
  }

  folder(workerId: string, unit: string): OutputFolder {
    const key = keyOf(workerId, unit);
    const known = this.#folders.get(key);
    if (known) return known;
    const folder = new OutputFolder(join(this.#options.folder, workerId, unit));
    // Of a unit that has ended nothing is added: it is opened anew each time.
    if (this.#jobs.has(key)) this.#folders.set(key, folder);
    return folder;
  }

  /** End what is over, and forget what nothing can come of any more. */
  async look(): Promise<void> {
    const now = this.#options.clock.now();
    for (const job of this.#jobs.values()) {
      if (!job.ended && now >= endsAt(job)) await this.#end(job, endingInTime(job));
      else if (job.ended && !mayStillCome(job, now) && !this.#unsettled.has(job)) await this.#forget(job);
      else if (!job.ended && this.#told.get(job) !== cameOf(job)) await this.#changed(job);
    }
    for (const [job, how] of this.#unsettled) await this.#settle(job, how);
    if (this.#options.clock.elapsed() >= this.#tidiedAt + tidyMs) await this.tidy();
  }

  /**
   * Give up outputs that were kept for long enough, and the oldest when there is no room for new ones.
   *
   * @param more bytes that are to come.
   */
  async tidy(more = 0): Promise<void> {
    const {
      clock,
      ages = clock,
      log,
      keptMs = unitsKeptMs,
      maxStoredBytes: mostBytes = maxStoredBytes,
    } = this.#options;
    this.#tidiedAt = clock.elapsed();
    const outputs = await storedOutputs(this.#options.folder);
    for (const { workerId, unit } of outputsToGo(outputs, ages.now(), { keptMs, mostBytes: mostBytes - more })) {
      // Of what goes on, or may yet, something is written.
      const job = this.#jobs.get(keyOf(workerId, unit));
      if (job && (!job.ended || this.#unsettled.has(job) || mayStillCome(job, clock.now()))) continue;
      log.info("an output of a Quokka worker is given up: it is old, or in the way of new ones", { unit });
      if (this.#options.workers.get(workerId)) await this.release(workerId, unit);
      else await this.folder(workerId, unit).remove();
    }
    await this.#count();
  }

  async #count(): Promise<void> {
    const outputs = await storedOutputs(this.#options.folder);
    // Something of a unit that goes on may not be on the disk yet.
    const bytes = outputs.map((one) =>
      Math.max(one.bytes, this.#folders.get(keyOf(one.workerId, one.unit))?.bytes ?? 0),
    );
    this.#stored = bytes.reduce((sum, each) => sum + each, 0);
  }

  /** The worker was removed: its output goes with it. */
  async forgetWorker(workerId: string): Promise<void> {
    for (const job of this.#of(workerId)) {
      this.#jobs.delete(keyOf(workerId, job.unit));
      this.#folders.delete(keyOf(workerId, job.unit));
      this.#unsettled.delete(job);
    }
    this.#arrivals.delete(workerId);
    this.#paces.delete(workerId);
    await rm(join(this.#options.folder, workerId), { recursive: true, force: true });
  }

  /** @throws what the database says; then there is no such unit, and no order of it leaves. */
  async #begin(job: QuokkaJob): Promise<void> {
    this.#keep(job);
    this.#settling.add(job);
    try {
      await this.#changed(job);
    } catch (error) {
      await this.#forget(job).catch(() => {});
      throw error;
    } finally {
      this.#settling.delete(job);
    }
  }

  /**
   * Store that orders leave, before the answer: after it nobody would know whether they were given. @returns those that do:
   * who is cancelled meanwhile stays. @throws what the database says; then none leaves, and they go with the next heartbeat.
   */
  async #leave(due: readonly QuokkaJob[]): Promise<QuokkaJob[]> {
    for (const job of due) this.#settling.add(job);
    try {
      for (const job of due) if (!job.ended) await this.#sent(job);
    } catch (error) {
      for (const job of due) if (!job.ended) delete job.sentAt;
      throw error;
    } finally {
      for (const job of due) this.#settling.delete(job);
    }
    return due.filter(({ ended }) => !ended);
  }

  #keep(job: QuokkaJob): void {
    this.#jobs.set(keyOf(job.workerId, job.unit), job);
  }

  #of(workerId: string): QuokkaJob[] {
    return [...this.#jobs.values()].filter((job) => job.workerId === workerId);
  }

  #awaited(workerId: string, token: string): QuokkaJob | undefined {
    return this.#of(workerId).find((job) => job.token === token && job.sentAt !== undefined && !job.ended);
  }

  #paceOf(workerId: string): Allowance {
    const known = this.#paces.get(workerId);
    const pace = known ?? new Allowance(packetPace.most, packetPace.everyMs, this.#options.clock);
    if (!known) this.#paces.set(workerId, pace);
    return pace;
  }

  /** Whether a result fits; the oldest ones go for it. */
  async #hasRoom(bytes: number): Promise<boolean> {
    const { maxStoredBytes: most = maxStoredBytes } = this.#options;
    if (bytes > most) return false;
    if (this.#stored + bytes > most) await this.tidy(bytes);
    return this.#stored + bytes <= most;
  }

  #isFull({ command }: QuokkaJob, folder: OutputFolder, more: number): boolean {
    const { maxStoredBytes: most = maxStoredBytes } = this.#options;
    return folder.bytes + more + 16 > command.bytes || this.#stored + more > most;
  }

  #write({ workerId, unit }: QuokkaJob, name: Parameters<OutputFolder["add"]>[0], bytes: Uint8Array): void {
    this.#stored += bytes.length;
    this.folder(workerId, unit).add(name, bytes);
  }

  #info({ id }: QuokkaWorker, { command, token, type }: QuokkaJob): string {
    const quokka = this.#options.host ?? this.#arrivals.get(id) ?? "127.0.0.1";
    return commandInfo({ quokka, ...command.info, ...(type !== "capture" && { token }) });
  }

  async #sent(job: QuokkaJob): Promise<void> {
    job.sentAt = this.#options.clock.now();
    await this.#changed(job);
  }

  #publishSoon(worker: QuokkaWorker, job: QuokkaJob): void {
    this.#publish(worker, job).catch((error: unknown) =>
      this.#options.log.warn("an order of a Quokka worker was not noted", { unit: job.unit, error: errorText(error) }),
    );
  }

  /** Hand an order to the broker of the worker. What cannot be handed over has not been done. */
  async #publish(worker: QuokkaWorker, job: QuokkaJob): Promise<void> {
    if (isTooOld(job, this.#options.clock.now())) return await this.#end(job, notPublished("it was down for too long"));
    const { host, brokerPort } = quokkaPlace(worker.host) ?? { host: "", brokerPort: 0 };
    const url = `amqp://${brokerLogin}@${host.includes(":") ? `[${host}]` : host}:${brokerPort}`;
    const message = { url, queue: `${worker.type}_queue`, body: Buffer.from(this.#info(worker, job)) };
    try {
      // Before the broker has it: a result may be here before its word.
      if ((await this.#leave([job])).length === 0) return;
    } catch (error) {
      return await this.#end(job, notPublished(`that it leaves could not be stored: ${errorText(error)}`));
    }
    try {
      await sendToQueue(message, AbortSignal.timeout(brokerMs));
    } catch (error) {
      if (job.startedAt !== undefined) return;
      const detail = `the worker's broker did not take the order: ${errorText(error)}`.slice(0, 1_000);
      await this.#end(job, { state: UnitState.Failed, cause: "NOT_SENT", detail });
    }
  }

  async #end(job: QuokkaJob, how: HowEnded): Promise<void> {
    if (job.ended) return;
    // From here on nothing more is taken; the rest of it follows.
    job.ended = { ...how, at: this.#options.clock.now(), size: 0, sha256: "" };
    try {
      await this.#settle(job, how);
    } catch (error) {
      this.#unsettled.set(job, how);
      throw error;
    }
  }

  /** Store how it ended. @throws what the database says. */
  async #settle(job: QuokkaJob, how: HowEnded): Promise<void> {
    const folder = this.folder(job.workerId, job.unit);
    const failed = await folder.flush().then(() => undefined, errorText);
    const ending: HowEnded =
      failed === undefined ? how : { state: UnitState.Failed, cause: "STORAGE_FAILED", detail: failed };
    const at = job.ended?.at ?? this.#options.clock.now();
    job.ended = { ...ending, at, size: folder.size, sha256: await folder.sha256() };
    await this.#changed(job);
    this.#unsettled.delete(job);
    folder.wake();
  }

  async #changed(job: QuokkaJob): Promise<void> {
    const { store, index } = this.#options;
    const { workerId, unit } = job;
    this.#told.set(job, cameOf(job));
    await storeQuokkaUnit(store.db, { worker_id: workerId, unit, job: JSON.stringify(job) });
    await index.put(workerId, [newsOfJob(job, this.folder(workerId, unit).size)]);
  }

  async #forget({ workerId, unit }: QuokkaJob): Promise<void> {
    this.#jobs.delete(keyOf(workerId, unit));
    this.#folders.delete(keyOf(workerId, unit));
    await dropQuokkaUnit(this.#options.store.db, workerId, unit);
  }
}

type HowEnded = Pick<Ending, "state" | "detail" | "cause">;

/** Packets that came, also those that were not kept. */
const cameOf = ({ packets, dropped }: QuokkaJob): number => packets + dropped;

const noRoom: HowEnded = {
  ...{ state: UnitState.Failed, cause: "STORAGE_FAILED" },
  detail: "there is no room for its result: that for what comes of workers of Quokka is taken by units that go on",
};

/** Why an order never reached the broker of its worker. */
const notPublished = (why: string): HowEnded => ({
  ...{ state: UnitState.Failed, cause: "NOT_SENT" },
  detail: `the server did not give the order to the worker's broker: ${why}`.slice(0, 1_000),
});

const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const keyOf = (workerId: string, unit: string): string => `${workerId} ${unit}`;

/** Packets of a capture that we have ended may come until the program ends it: they must not be taken for another one's. */
function mayStillCome({ type, sentAt }: QuokkaJob, now: number): boolean {
  return type === "capture" && sentAt !== undefined && now < sentAt + captureMs;
}
