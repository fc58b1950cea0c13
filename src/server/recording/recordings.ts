import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, errorText, type Log, systemCode } from "#core";
import type { AuditTrail } from "../audit/audit.ts";
import type { Seal } from "../auth/seal.ts";
import { ServerError } from "../errors.ts";
import type { RecordingEvent, RecordingHead } from "./events.ts";
import { isRecordingId, newRecordingId, timeOfRecording } from "./recording-id.ts";
import { LiveRecording } from "./live-recording.ts";
import { Recorder } from "./recorder.ts";
import { readEnds, readRecording, RecordingWriter } from "./recording-file.ts";
import { type KeptRecording, Room } from "./room.ts";
import type { RecordingRules } from "./rules.ts";
import { altered } from "./sealed-records.ts";

export interface RecordingsOptions {
  /** Where the files are; made when there is something to record. */
  readonly folder: string;
  readonly seal: Seal;
  /** What the policy says now. */
  readonly rules: () => RecordingRules;
  readonly audit: AuditTrail;
  readonly clock: Pick<Clock, "now" | "elapsed">;
  /** By which it is decided what is too old. Default: `clock`. */
  readonly ages?: Pick<Clock, "now">;
  readonly log: Pick<Log, "warn">;
}

/** What is to be recorded; the rest of its head is made here. */
export type RecordingWish = Omit<RecordingHead, "id" | "mode" | "startedAt">;

/** A stream that is recorded, until `end`. */
export interface Recorded {
  readonly recorder: Recorder;
  /** The stream is over. Never throws. */
  end(why: string): Promise<void>;
}

/** A recording as it is listed. */
export interface RecordingEntry extends RecordingHead {
  /** `live`: it goes on. `brokenOff`: there is no end of it, the server died over it or somebody cut it. */
  readonly state: "live" | "whole" | "brokenOff" | "unreadable";
  /** Of its file. */
  readonly size: number;
  /** Milliseconds; absent where there is no end. */
  readonly durationMs?: number;
  readonly why?: string;
}

const suffix = ".recording";

/** Recordings of streams: files of this server, sealed, that no worker can reach (CAT-122). */
export class Recordings {
  readonly #options: RecordingsOptions;
  readonly #live = new Map<string, LiveRecording>();
  readonly #room: Room;

  constructor(options: RecordingsOptions) {
    this.#options = options;
    const { rules, clock, ages = clock, audit, log } = options;
    this.#room = new Room({ kept: () => this.#kept(), rules, clock: ages, audit, log });
  }

  /**
   * Begin one, if the policy wants that; undefined: it does not.
   *
   * @throws {ServerError} RECORDING_FAILED, where it is strict and cannot be written.
   */
  async begin(wish: RecordingWish): Promise<Recorded | undefined> {
    const { rules, clock, log } = this.#options;
    const { mode: modeOf, maxBytes } = rules();
    const mode = modeOf(wish.kind);
    if (mode === "off") return undefined;
    const startedAt = clock.now();
    const head: RecordingHead = { ...wish, id: newRecordingId(startedAt), mode, startedAt };
    const writer = await this.#made(head);
    const began = clock.elapsed();
    const elapsed = (): number => Math.round(clock.elapsed() - began);
    const live = new LiveRecording(head, () => writer?.size ?? 0);
    if (writer) this.#live.set(head.id, live);
    let size = 0;
    const added = (): void => {
      this.#room.grew(live.size() - size);
      size = live.size();
      live.wake();
    };
    const recorder = new Recorder({ head, writer, elapsed, maxBytes, added, log });
    added();
    await this.#note(head, "recording.begin", {});
    return { recorder, end: (why) => this.#end({ head, writer, recorder, live }, why) };
  }

  /** The newest first, from behind an id on. Those that end meanwhile are told as they were. */
  async list({ before, limit, live = false }: { before?: string | undefined; limit: number; live?: boolean }) {
    const ids = live ? [...this.#live.keys()].toSorted().toReversed() : await this.#ids();
    const wanted = ids.filter((id) => before === undefined || id < before).slice(0, limit);
    const entries = await Promise.all(wanted.map((id) => this.#entry(id)));
    return entries.filter((entry) => entry !== undefined);
  }

  /** @throws {ServerError} RECORDING_NOT_FOUND. */
  async find(id: string): Promise<RecordingEntry> {
    const entry = isRecordingId(id) ? await this.#entry(id) : undefined;
    if (entry) return entry;
    throw notFound();
  }

  /**
   * Nothing, if it can be read from its head to its end; one that goes on can. What lies between shows in the reading.
   *
   * @throws {ServerError} RECORDING_ALTERED, SEALED_UNREADABLE.
   */
  async requireReadable(id: string): Promise<void> {
    if (!this.#live.has(id)) await this.#ends(id);
  }

  /**
   * What is in it, as far as it was written; with `follow` until it is over.
   *
   * @throws {ServerError} RECORDING_ALTERED, SEALED_UNREADABLE; the reason of `signal`.
   */
  read(
    id: string,
    { follow = false, signal }: { follow?: boolean; signal: AbortSignal },
  ): AsyncGenerator<RecordingEvent> {
    const live = this.#live.get(id);
    const size = live?.size() ?? 0;
    const toNow = live && { size: () => size, more: async () => false };
    return readRecording(this.#path(id), id, this.#options.seal, signal, follow ? live : toNow);
  }

  /** Remove what is too old, and the oldest while there is too much. Those that go on stay. */
  async sweep(): Promise<void> {
    await this.#room.sweep();
  }

  async #made(head: RecordingHead): Promise<RecordingWriter | undefined> {
    const { folder, seal, log } = this.#options;
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const writer = await RecordingWriter.make(this.#path(head.id), head.id, seal);
      await writer.add({ kind: "head", at: 0, head }).catch(async (error: unknown) => {
        await writer.close();
        throw error;
      });
      return writer;
    } catch (error) {
      await rm(this.#path(head.id), { force: true }).catch(() => {});
      log.warn(`recording ${head.id} cannot be made`, { error: errorText(error) });
      if (head.mode === "bestEffort") return undefined;
      await this.#note(head, "recording.refuse", {});
      throw new ServerError("RECORDING_FAILED", "the stream would be recorded, and that cannot be written", {
        cause: error,
      });
    }
  }

  async #end(
    {
      head,
      writer,
      recorder,
      live,
    }: {
      readonly head: RecordingHead;
      readonly writer: RecordingWriter | undefined;
      readonly recorder: Recorder;
      readonly live: LiveRecording;
    },
    why: string,
  ): Promise<void> {
    const { log } = this.#options;
    await recorder.end(why);
    this.#live.delete(head.id);
    live.end();
    await writer
      ?.close()
      .catch((error: unknown) => log.warn("a recording was not closed", { error: errorText(error) }));
    const { missedBytes } = recorder;
    // By these a file that was cut off, or taken away, is told from one that never was longer.
    await this.#note(head, "recording.end", {
      why,
      missedBytes,
      records: writer?.records ?? 0,
      size: writer?.size ?? 0,
    });
    await this.#room.settled();
  }

  async #note({ id, user, worker, kind, mode }: RecordingHead, action: string, more: Record<string, string | number>) {
    const { audit, log } = this.#options;
    await audit
      .record(user.id, action, id, { worker: worker.id, kind, mode, ...more })
      .catch((error: unknown) => log.warn("a recording was not audited", { id, error: errorText(error) }));
  }

  async #kept(): Promise<KeptRecording[]> {
    const kept: KeptRecording[] = [];
    for (const id of await this.#ids())
      kept.push({ id, path: this.#path(id), size: await this.#sizeOf(id), isLive: this.#live.has(id) });
    return kept;
  }

  /** The newest first. */
  async #ids(): Promise<string[]> {
    const names = await readdir(this.#options.folder).catch((error: unknown) => {
      if (systemCode(error) === "ENOENT") return [];
      throw error;
    });
    const ids = names.filter((name) => name.endsWith(suffix)).map((name) => name.slice(0, -suffix.length));
    return ids.filter(isRecordingId).toSorted().toReversed();
  }

  async #entry(id: string): Promise<RecordingEntry | undefined> {
    const live = this.#live.get(id);
    if (live) return { ...live.head, state: "live", size: live.size() };
    try {
      const { head, end, size } = await this.#ends(id);
      if (end?.kind !== "end") return { ...head.head, state: "brokenOff", size };
      return { ...head.head, state: "whole", size, durationMs: end.at, why: end.why };
    } catch (error) {
      return systemCode(error) === "ENOENT" ? undefined : { ...unknownHead(id), size: await this.#sizeOf(id) };
    }
  }

  async #ends(id: string) {
    const { head, ...rest } = await readEnds(this.#path(id), id, this.#options.seal);
    if (head.kind !== "head") throw altered(id, 0);
    return { head, ...rest };
  }

  async #sizeOf(id: string): Promise<number> {
    return await stat(this.#path(id)).then(
      ({ size }) => size,
      () => 0,
    );
  }

  #path(id: string): string {
    return join(this.#options.folder, `${id}${suffix}`);
  }
}

/** It is there and cannot be read: somebody has to know. */
function unknownHead(id: string) {
  const nobody = { id: "", name: "" };
  const of = { kind: "shell", mode: "bestEffort", worker: nobody, user: nobody, source: "" } as const;
  return { ...of, id, startedAt: timeOfRecording(id), state: "unreadable" as const };
}

const notFound = (): ServerError => new ServerError("RECORDING_NOT_FOUND", "there is no such recording");
