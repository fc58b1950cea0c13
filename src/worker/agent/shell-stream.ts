import { errorText, type Log, timeLimit } from "#core";
import {
  type CallContext,
  type Caller,
  includesLevel,
  type ServedMethod,
  serve,
  shellOpen,
  type ShellOpened,
  shellResize,
  type ShellSize,
  type ShellWanted,
  type WholeDocument,
} from "#fleet";
import type { Units } from "#work";
import { WorkerError } from "../errors.ts";
import { requestedBy } from "./requested-by.ts";
import { type OpenedStream, type ServedStream, serveStream } from "./stream-methods.ts";
import { openTerminal, shellWorkType, type Terminal, word } from "./terminal.ts";
import { writeChunk } from "./write-chunk.ts";

const maxShells = 32;
/** A shell and all in its terminal are ended within this time, milliseconds; cancelling goes on behind it. */
const endMs = 30_000;

/** Who may open a shell, and what it runs. */
export type ShellPolicy = WholeDocument["shell"];

export interface ShellsOptions {
  readonly units: Units;
  readonly policy: ShellPolicy;
  /** Whether units are taken now: a shell is one. */
  readonly mayTake: () => boolean;
  /** Folder of the terminals, as {@link shellSection} has it. */
  readonly folder: string;
  readonly log: Log;
}

type Unit = ReturnType<Units["get"]>;

/** Shells over streams. Each is a unit whose output is what its terminal showed: so it is recorded as all output is. */
export class Shells {
  readonly #options: ShellsOptions;
  readonly #open = new Map<string, { readonly terminal: Terminal; readonly caller: Caller }>();
  readonly #running = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  readonly #unwatch: () => void;

  constructor(options: ShellsOptions) {
    this.#options = options;
    this.#unwatch = options.units.watch((unit) => {
      const open = this.#open.get(unit.id);
      if (open) tellWho(unit, open.caller);
    });
  }

  /** `shell.open`, a stream. */
  get streams(): ServedStream[] {
    return [serveStream(shellOpen, (...asked) => this.#track(this.#serve(...asked)))];
  }

  /** `shell.resize`, for forwarded requests. */
  get methods(): ServedMethod[] {
    return [serve(shellResize, (size, { caller }) => this.#resize(size, caller))];
  }

  /** End shells that an earlier daemon has left: nobody can reach them any more. */
  async endLeft(): Promise<void> {
    const { units } = this.#options;
    const left = units.list((unit) => unit.status.WorkType === shellWorkType && !unit.isFinal);
    await Promise.all(Object.keys(left).map((id) => this.#cancel(id)));
  }

  /** End all, and wait until they are over. */
  async close(): Promise<void> {
    this.#closing.abort(new Error("the worker ends"));
    await Promise.allSettled(this.#running);
    this.#unwatch();
  }

  async #track(shell: Promise<void>): Promise<void> {
    this.#running.add(shell);
    await shell.finally(() => this.#running.delete(shell));
  }

  async #serve(size: ShellWanted, opened: OpenedStream<ShellOpened>, { caller, signal }: CallContext): Promise<void> {
    this.#require(caller);
    const { units, folder, policy } = this.#options;
    const unit = units.allocate({
      ...{ workType: shellWorkType, params: { params: word(caller.name) }, requestedBy: requestedBy(caller) },
    });
    const terminal = await openTerminal(folder, unit.id, { ...size, command: policy.command }).catch(
      async (error: unknown) => {
        await units.refuse(unit, error);
        throw error;
      },
    );
    this.#open.set(unit.id, { terminal, caller });
    try {
      await this.#converse(unit, terminal, opened, AbortSignal.any([signal, this.#closing.signal]));
    } finally {
      await this.#end(unit, terminal);
      this.#open.delete(unit.id);
    }
  }

  async #converse(
    unit: Unit,
    terminal: Terminal,
    { stream, answer }: OpenedStream<ShellOpened>,
    signal: AbortSignal,
  ): Promise<void> {
    const { units } = this.#options;
    await units.receive(unit, nothing());
    await units.start(unit);
    signal.throwIfAborted();
    answer({ shell: unit.id });
    // When it breaks, the screen's end or the stream's tells more.
    terminal.type(stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>).catch(() => {});
    for await (const chunk of units.results(unit, 0, signal)) await writeChunk(stream, chunk);
    stream.end();
  }

  /** @throws {WorkerError} */
  #require({ level }: Caller): void {
    const { policy, mayTake } = this.#options;
    if (!policy.enabled || !includesLevel(level, policy.level))
      throw new WorkerError("SHELL_REFUSED", "this worker's configuration gives the caller no shell");
    if (!mayTake()) throw new WorkerError("WORK_SWITCHED_OFF", "this worker takes no work now: its switch is off");
    if (this.#closing.signal.aborted || this.#open.size >= maxShells)
      throw new WorkerError("SHELL_BUSY", `${this.#open.size} shells are open, and no more can be`);
  }

  #resize({ shell, ...size }: ShellSize, { session }: Caller): ShellOpened {
    const open = this.#open.get(shell);
    const isOwn = session !== undefined && open?.caller.session === session;
    if (!open || !isOwn || this.#options.units.get(shell).isFinal)
      throw new WorkerError("SHELL_UNKNOWN", `there is no shell ${shell} of this session`);
    open.terminal.resize(size);
    return { shell };
  }

  /** Cancelling ends the terminal first, and that is a hang-up for all in it. The pipe goes last: its end is one too. */
  async #end(unit: Unit, terminal: Terminal): Promise<void> {
    await this.#cancel(unit.id);
    await terminal.close();
  }

  async #cancel(id: string): Promise<void> {
    const { units, log } = this.#options;
    await units.cancel(id, timeLimit(endMs)).catch((error: unknown) => {
      log.warn(`shell ${id} does not end`, { error: errorText(error) });
    });
  }
}

/** Whoever looks at units sees whose shell it is; the unit's params keep it, as their last word. */
function tellWho(unit: Unit, { name }: Caller): void {
  const { Detail, ...status } = unit.status;
  const whose = `; shell of ${name}`;
  if (!Detail.endsWith(whose)) unit.set({ ...status, Detail: `${Detail}${whose}` });
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
