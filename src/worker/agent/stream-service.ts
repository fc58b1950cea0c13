import { randomUUID } from "node:crypto";
import type { Duplex } from "node:stream";
import { errorText, type Log, timeLimit } from "#core";
import { FleetError, Forwarded, hearWords, includesLevel, sayWords } from "#fleet";
import type { MeshStream } from "#mesh";
import type { Askers } from "./askers.ts";
import { factorNeeded } from "./askers-factor.ts";
import { type AskedFor, askedFor, identityOf } from "./forwarded.ts";
import { type OpenedStream, sayFault, type ServedStream } from "./stream-methods.ts";

/** A stream says what it wants within this time, milliseconds. */
const wordsMs = 15_000;
/** Streams at once. */
const maxStreams = 500;

export interface StreamServiceOptions {
  readonly served: readonly ServedStream[];
  readonly askers: Askers;
  /** The only node that may open streams; its certificate has proved it. */
  readonly serverNode: () => string;
  readonly log: Log;
}

/** Streams that the server opens for its users: each is checked as any other request, then it is its method's. */
export class StreamService {
  readonly #options: StreamServiceOptions;
  readonly #methods: ReadonlyMap<string, ServedStream>;
  /** Open ones, and the sessions they are for. */
  readonly #open = new Map<Duplex, string>();

  constructor(options: StreamServiceOptions) {
    this.#options = options;
    this.#methods = new Map(options.served.map((each) => [each.method.name, each]));
  }

  accept(stream: MeshStream): void {
    const { log, serverNode } = this.#options;
    stream.on("error", () => {});
    if (stream.remoteNode !== serverNode() || this.#open.size >= maxStreams) {
      log.warn(
        `refused a stream of ${stream.remoteNode}: ${this.#open.size < maxStreams ? "it is not our server" : "there are too many"}`,
      );
      stream.destroy();
      return;
    }
    this.#open.set(stream, "");
    stream.once("close", () => this.#open.delete(stream));
    void this.#serve(stream);
  }

  /** End what goes on for a session (`session.ended`, CAT-67). */
  end(session: string, reason: string): void {
    for (const [stream, of] of this.#open) if (of === session) stream.destroy(new Error(reason));
  }

  /** End everything. */
  close(): void {
    for (const stream of this.#open.keys()) stream.destroy();
  }

  async #serve(stream: Duplex): Promise<void> {
    const over = new AbortController();
    stream.once("close", () => over.abort(new Error("the stream is over")));
    let isAnswered = false;
    const answer = (result: unknown): void => {
      isAnswered = true;
      sayWords(stream, { result });
    };
    try {
      const asked = await this.#asked(stream, over.signal);
      await this.#run(asked, { stream, answer }, over.signal);
    } catch (error) {
      this.#options.log.debug(`a stream ended: ${errorText(error)}`);
      // Behind the answer words would be taken for bytes: the break alone tells.
      if (isAnswered) stream.destroy(error instanceof Error ? error : new Error(String(error)));
      else sayFault(stream, error);
    }
  }

  async #asked(stream: Duplex, signal: AbortSignal): Promise<AskedFor> {
    const words = Forwarded.safeParse(await hearWords(stream, timeLimit(wordsMs, signal)));
    if (!words.success) throw new FleetError("MESSAGE_INVALID", "the first words of a stream are none");
    return askedFor(words.data, this.#options.askers, { streams: true });
  }

  async #run(
    { method: name, params, caller }: AskedFor,
    opened: OpenedStream<unknown>,
    signal: AbortSignal,
  ): Promise<void> {
    const served = this.#methods.get(name);
    if (!served) throw new FleetError("METHOD_UNKNOWN", `there is no stream method ${name}`);
    const lacking = factorNeeded(caller, served.method.level, name);
    if (lacking) throw lacking;
    if (!includesLevel(caller.level, served.method.level)) {
      this.#options.log.info(`${name} for ${caller.name}`, { ...identityOf(caller), verdict: "LEVEL_TOO_LOW" });
      throw new FleetError(
        "LEVEL_TOO_LOW",
        `${name} needs the level ${served.method.level}, and the caller's is ${caller.level}`,
      );
    }
    const parsed = served.method.params.safeParse(params);
    if (!parsed.success)
      throw new FleetError("PARAMS_INVALID", `parameters of ${name}: ${parsed.error.issues[0]?.message}`);
    if (caller.session !== undefined) this.#open.set(opened.stream, caller.session);
    this.#options.log.info(`${name} for ${caller.name}`, { ...identityOf(caller), verdict: "opened" });
    await served.run(parsed.data, opened, { caller, id: randomUUID(), signal });
  }
}
