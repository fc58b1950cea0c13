import { randomBytes } from "node:crypto";
import { type Clock, errorText, type Log, timeLimit } from "#core";
import { askedParams, UnitState } from "#work/wire";
import { RemoteError } from "#fleet";
import { sendToQueue } from "#mesh";
import { ServerError } from "../errors.ts";
import { Allowance } from "../line/allowance.ts";
import type { Asker } from "../line/worker-lines.ts";
import type { Store } from "../store/store.ts";
import { type UnitIndex, unitsKeptMs } from "../units/unit-index.ts";
import { quokkaCommand } from "./command.ts";
import {
  endingInTime,
  endsAt,
  isTooOld,
  mayStillCome,
  noRoom,
  notPublished,
  packetsText,
  type QuokkaJob,
} from "./job.ts";
import { KeptJobs } from "./kept-jobs.ts";
import type { OutputFolder } from "./output-folder.ts";
import { OutputRoom } from "./output-room.ts";
import { quokkaPlace } from "./place.ts";
import { packetOfHexDump, pcapHeader, pcapRecord, workerTime } from "./rebuilt-packet.ts";
import { type KeptResult, pathResult, scanResult } from "./results.ts";
import { storedPackets } from "./stored-capture.ts";
import { outputsToGo } from "./stored-outputs.ts";
import { commandInfo, type QuokkaOrder, type QuokkaPackets, type QuokkaResult } from "./wire.ts";
import type { QuokkaWorker, QuokkaWorkers } from "./workers.ts";

/** What that program's own server logs in with, and its broker expects (spec §4.2). */
const brokerLogin = "quokkaUser:quokkaPass";
const brokerMs = 10_000;
/** Orders of one worker that have not ended. */
const maxActive = 100;
/** Packets a second of one worker, so many at once. */
const packetPace = { most: 2_000, everyMs: 1 };
const tidyMs = 60_000;

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
  readonly #jobs: KeptJobs;
  readonly #room: OutputRoom;
  readonly #paces = new Map<string, Allowance>();
  /** Where heartbeats of each worker arrive. */
  readonly #arrivals = new Map<string, string>();
  #tidiedAt = Number.NEGATIVE_INFINITY;
  #orders = 0;

  constructor(options: QuokkaUnitsOptions) {
    this.#options = options;
    this.#room = new OutputRoom(options.folder, options.maxStoredBytes);
    this.#jobs = new KeptJobs(options, this.#room);
  }

  /** Of outputs of all units. */
  get storedBytes(): number {
    return this.#room.bytes;
  }

  async load(): Promise<void> {
    const jobs = await this.#jobs.load((job) => storedPackets(this.#room.pathOf(job)));
    for (const job of jobs) {
      const worker = this.#options.workers.get(job.workerId);
      // That it leaves is stored before it does: this one never left.
      if (worker?.connection === "rabbitmq" && job.sentAt === undefined && !job.ended) this.#publishSoon(worker, job);
    }
    await this.#room.count();
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
    const mine = this.#jobs.of(worker.id);
    if (worker.type === "capture" && mine.length > 0)
      throw new ServerError("QUOKKA_BUSY", "this worker captures already, or has not left off: that takes 3 minutes");
    if (mine.length >= maxActive) throw new ServerError("QUOKKA_BUSY", `this worker has ${maxActive} orders already`);
    const unit = wanted.unit ?? randomBytes(8).toString("hex");
    // Of two that ask for the same id at once, neither sees the other in the index yet.
    if (this.#jobs.get({ workerId: worker.id, unit }))
      throw new RemoteError({ code: "UNIT_TAKEN", status: 409, message: `unit ${unit} is there already` });
    const token = randomBytes(16).toString("base64url");
    const job: QuokkaJob = {
      ...{ unit, workerId: worker.id, type: worker.type, command, token, params: askedParams(wanted.params) },
      ...{ requestedBy: { user: `${name} (${userId})`, level }, createdAt: clock.now(), packets: 0, dropped: 0 },
    };
    await this.#jobs.begin(job);
    if (worker.connection === "rabbitmq") this.#publishSoon(worker, job);
    return unit;
  }

  /** What goes out with a heartbeat, now and never again. @param arrivedAt our own address that it reached. */
  async orders(worker: QuokkaWorker, arrivedAt: string): Promise<QuokkaOrder[]> {
    this.#arrivals.set(worker.id, arrivedAt);
    if (worker.connection === "rabbitmq") return [];
    const isDue = (job: QuokkaJob): boolean => job.sentAt === undefined && !job.ended && !this.#jobs.isSettling(job);
    const leaving = await this.#jobs.leave(this.#jobs.of(worker.id).filter(isDue));
    const { host, serial, type: workerType } = worker;
    return leaving.map((job) => ({ id: ++this.#orders, host, serial, workerType, info: this.#info(worker, job) }));
  }

  /** Packets of a capture; which one they belong to only time tells (spec §17). */
  async captured(worker: QuokkaWorker, { timestamp, packets }: QuokkaPackets): Promise<void> {
    const { clock } = this.#options;
    const job = this.#jobs.of(worker.id).find(({ sentAt, ended }) => sentAt !== undefined && !ended);
    if (!job) return;
    const folder = this.folder(worker.id, job.unit);
    const isFirst = job.startedAt === undefined;
    job.startedAt ??= clock.now();
    if (folder.bytes === 0) this.#room.write(job, "output", pcapHeader());
    for (const { hexdump, ...layers } of packets) {
      if (job.packets >= job.command.packets) break;
      const bytes = typeof hexdump === "string" ? packetOfHexDump(hexdump) : undefined;
      if (!bytes || !this.#paceOf(worker.id).take() || this.#isFull(job, folder, bytes.length)) {
        job.dropped++;
        continue;
      }
      job.packets++;
      this.#room.write(job, "output", pcapRecord(bytes, workerTime(timestamp, clock.now())));
      this.#room.write(job, "layers.jsonl", Buffer.from(`${JSON.stringify(layers)}\n`));
    }
    if (isFirst) await this.#jobs.changed(job);
    if (job.packets >= job.command.packets || folder.bytes >= job.command.bytes)
      await this.#jobs.end(job, { state: UnitState.Succeeded, detail: packetsText(job.packets, job.dropped) });
  }

  /** A scan is done. One that nobody waits for is nothing. */
  async scanned(worker: QuokkaWorker, { token, result }: QuokkaResult): Promise<void> {
    const job = this.#awaited(worker.id, token);
    if (job) await this.#take(job, scanResult(result, job.command.subject));
  }

  /** A picture of a path has come. */
  async traced(worker: QuokkaWorker, { token, result }: QuokkaResult): Promise<void> {
    const job = this.#awaited(worker.id, token);
    if (job) await this.#take(job, pathResult(result, job.command.subject));
  }

  /** It is waited for no more; the program itself knows no way to be stopped. */
  async cancel(workerId: string, unit: string): Promise<void> {
    const job = this.#jobs.get({ workerId, unit });
    if (!job || job.ended) return;
    const isOut = job.sentAt !== undefined && !this.#jobs.isSettling(job);
    const detail = isOut ? "no longer waited for: the program cannot be stopped" : "cancelled before it was sent";
    await this.#jobs.end(job, { state: UnitState.Canceled, cause: "CANCELED", detail });
  }

  /** Forget a unit with its output. */
  async release(workerId: string, unit: string): Promise<void> {
    await this.cancel(workerId, unit);
    await this.#room.remove({ workerId, unit });
    await this.#options.index.release(workerId, [unit]);
  }

  /** Whether more of its output may come. */
  isOpen(workerId: string, unit: string): boolean {
    const job = this.#jobs.get({ workerId, unit });
    return job !== undefined && !job.ended;
  }

  folder(workerId: string, unit: string): OutputFolder {
    return this.#jobs.folder({ workerId, unit });
  }

  /** End what is over, and forget what nothing can come of any more. */
  async look(): Promise<void> {
    const now = this.#options.clock.now();
    for (const job of this.#jobs.all()) {
      if (!job.ended && now >= endsAt(job)) await this.#jobs.end(job, endingInTime(job));
      else if (job.ended && !mayStillCome(job, now) && !this.#jobs.isUnsettled(job)) await this.#jobs.forget(job);
      else if (!job.ended && this.#jobs.isBehind(job)) await this.#jobs.changed(job);
    }
    await this.#jobs.settleRest();
    if (this.#options.clock.elapsed() >= this.#tidiedAt + tidyMs) await this.tidy();
  }

  /**
   * Give up outputs that were kept for long enough, and the oldest when there is no room for new ones.
   *
   * @param more bytes that are to come.
   */
  async tidy(more = 0): Promise<void> {
    const { clock, ages = clock, log, keptMs = unitsKeptMs } = this.#options;
    this.#tidiedAt = clock.elapsed();
    const rule = { keptMs, mostBytes: this.#room.most - more };
    for (const { workerId, unit } of outputsToGo(await this.#room.all(), ages.now(), rule)) {
      // Of what goes on, or may yet, something is written.
      const job = this.#jobs.get({ workerId, unit });
      if (job && (!job.ended || this.#jobs.isUnsettled(job) || mayStillCome(job, clock.now()))) continue;
      log.info("an output of a Quokka worker is given up: it is old, or in the way of new ones", { unit });
      if (this.#options.workers.get(workerId)) await this.release(workerId, unit);
      else await this.#room.remove({ workerId, unit });
    }
    await this.#room.count();
  }

  /** The worker was removed: its output goes with it. */
  async forgetWorker(workerId: string): Promise<void> {
    this.#jobs.forgetWorker(workerId);
    this.#arrivals.delete(workerId);
    this.#paces.delete(workerId);
    await this.#room.removeWorker(workerId);
  }

  #awaited(workerId: string, token: string): QuokkaJob | undefined {
    return this.#jobs.of(workerId).find((job) => job.token === token && job.sentAt !== undefined && !job.ended);
  }

  #paceOf(workerId: string): Allowance {
    const known = this.#paces.get(workerId);
    const pace = known ?? new Allowance(packetPace.most, packetPace.everyMs, this.#options.clock);
    if (!known) this.#paces.set(workerId, pace);
    return pace;
  }

  async #take(job: QuokkaJob, { files, detail }: KeptResult): Promise<void> {
    const isRoom = await this.#hasRoom(files.reduce((sum, [, { length }]) => sum + length, 0));
    // While room was made it may have been cancelled, or have come a second time.
    if (job.ended) return;
    if (!isRoom) return await this.#jobs.end(job, noRoom);
    for (const [name, bytes] of files) this.#room.write(job, name, bytes);
    await this.#jobs.end(job, { state: UnitState.Succeeded, detail });
  }

  /** Whether a result fits; the oldest ones go for it. */
  async #hasRoom(bytes: number): Promise<boolean> {
    if (bytes > this.#room.most) return false;
    if (!this.#room.has(bytes)) await this.tidy(bytes);
    return this.#room.has(bytes);
  }

  #isFull({ command }: QuokkaJob, folder: OutputFolder, more: number): boolean {
    return folder.bytes + more + 16 > command.bytes || !this.#room.has(more);
  }

  #info({ id }: QuokkaWorker, { command, token, type }: QuokkaJob): string {
    const quokka = this.#options.host ?? this.#arrivals.get(id) ?? "127.0.0.1";
    return commandInfo({ quokka, ...command.info, ...(type !== "capture" && { token }) });
  }

  #publishSoon(worker: QuokkaWorker, job: QuokkaJob): void {
    this.#publish(worker, job).catch((error: unknown) =>
      this.#options.log.warn("an order of a Quokka worker was not noted", { unit: job.unit, error: errorText(error) }),
    );
  }

  /** Hand an order to the broker of the worker. What cannot be handed over has not been done. */
  async #publish(worker: QuokkaWorker, job: QuokkaJob): Promise<void> {
    if (isTooOld(job, this.#options.clock.now()))
      return await this.#jobs.end(job, notPublished("it was down for too long"));
    const { host, brokerPort } = quokkaPlace(worker.host) ?? { host: "", brokerPort: 0 };
    const url = `amqp://${brokerLogin}@${host.includes(":") ? `[${host}]` : host}:${brokerPort}`;
    const message = { url, queue: `${worker.type}_queue`, body: Buffer.from(this.#info(worker, job)) };
    try {
      // Before the broker has it: a result may be here before its word.
      if ((await this.#jobs.leave([job])).length === 0) return;
    } catch (error) {
      return await this.#jobs.end(job, notPublished(`that it leaves could not be stored: ${errorText(error)}`));
    }
    try {
      await sendToQueue(message, timeLimit(brokerMs));
    } catch (error) {
      if (job.startedAt !== undefined) return;
      const detail = `the worker's broker did not take the order: ${errorText(error)}`.slice(0, 1_000);
      await this.#jobs.end(job, { state: UnitState.Failed, cause: "NOT_SENT", detail });
    }
  }
}
