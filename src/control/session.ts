import type { Duplex } from "node:stream";
import { errorText, FarhandError, systemCode } from "#core";
import type { ControlCommand, ControlSession, RemoteKind } from "./command.ts";
import { ControlError } from "./errors.ts";
import type { ControlLimits, ControlLog } from "./settings.ts";
import { StreamInput } from "./stream-input.ts";
import { writeSlowly, writeThrough } from "./stream-output.ts";
import { bannerOf, errorLine, type JsonObject, parseRequest, replyLine, requestText } from "./wire.ts";

/** What all sessions of a listener share. */
export interface SessionContext {
  readonly nodeId: string;
  readonly commands: ReadonlyMap<string, ControlCommand>;
  readonly limits: ControlLimits;
  readonly log: ControlLog;
}

const nothing = Buffer.alloc(0);

/** One connection: banner, then request and reply in turn until either side has had enough (spec §1.2). */
export class Session implements ControlSession {
  readonly remote: RemoteKind;
  readonly remoteNode: string | undefined;
  readonly #stream: Duplex;
  readonly #context: SessionContext;
  readonly #input: StreamInput;
  /** Made when a command asks for its signal; most never do. */
  #aborter: AbortController | undefined;
  #abortReason: Error | undefined;
  #running = false;
  #payloadBegun = false;
  #taken = false;
  /** Raw bytes were sent: a line of ours would be taken for more of them. */
  #raw = false;
  /** Since when no request was under way; undefined once none may follow. */
  #idleSince: number | undefined = performance.now();
  /** When everything was sent and only the client's hanging up is missing. */
  #lingerSince: number | undefined;

  constructor(stream: Duplex, remote: RemoteKind, remoteNode: string | undefined, context: SessionContext) {
    this.remote = remote;
    this.remoteNode = remoteNode;
    this.#stream = stream;
    this.#context = context;
    this.#input = new StreamInput(stream, clientGone);
    stream.on("close", () => {
      if (this.#running) this.#abort(clientGone(stream.errored));
    });
  }

  get nodeId(): string {
    return this.#context.nodeId;
  }

  get signal(): AbortSignal {
    this.#aborter ??= new AbortController();
    if (this.#abortReason) this.#aborter.abort(this.#abortReason);
    return this.#aborter.signal;
  }

  writeLine(text: string): Promise<void> {
    return writeSlowly(this.#stream, `${text}\n`, clientGone);
  }

  write(chunk: Uint8Array): Promise<void> {
    this.#raw = true;
    return writeThrough(this.#stream, chunk, clientGone);
  }

  async *payload(): AsyncGenerator<Uint8Array> {
    this.#payloadBegun = true;
    yield* this.#input.bytes();
    // The end of input alone is no proof: a reset right behind the last bytes is shown as an end as well.
    if (this.#canProbe()) await this.#checkClientIsThere();
  }

  takeStream(): Duplex {
    this.#taken = true;
    this.#input.detach();
    return this.#stream;
  }

  /** Serve the client until the last reply was sent. Never throws. */
  async serve(): Promise<void> {
    try {
      await this.writeLine(bannerOf(this.nodeId));
      while (await this.#serveRequest());
      // What is still on its way to a slow reader has all the time it needs.
      this.#idleSince = undefined;
    } catch (error) {
      await this.#sendError(error);
    }
    await this.#finish();
  }

  /** Called now and then, in place of timers of each session's own. */
  check(now: number): void {
    const { lingerMs } = this.#context.limits;
    if (this.#lingerSince !== undefined) {
      if (now - this.#lingerSince >= lingerMs) this.#stream.destroy();
    } else if (this.#running) this.#probe();
    else this.#checkWait(now);
  }

  /** Half a line may not keep a place for ever; on the mesh silence, blank lines and a byte now and then neither. */
  #checkWait(now: number): void {
    const { stalledLineMs, idleMeshMs, lingerMs } = this.#context.limits;
    const stalled = now - (this.#input.lineSince ?? now);
    const idle = this.remote === "mesh" ? now - (this.#idleSince ?? now) : 0;
    // It was told, and does not even take that.
    if (idle >= idleMeshMs + lingerMs) this.#stream.destroy();
    else if (idle >= idleMeshMs)
      this.#input.fail(new ControlError("SESSION_IDLE", `no request within ${idleMeshMs} ms over the mesh`));
    else if (stalled >= stalledLineMs)
      this.#input.fail(new ControlError("REQUEST_STALLED", `request line not finished within ${stalledLineMs} ms`));
  }

  /** End it: at once between two requests, by its signal while a command runs. */
  end(reason: ControlError): void {
    if (this.#running) {
      this.#abort(reason);
      // A client in the middle of its payload would otherwise keep us until it is cut off, and be blamed for that.
      this.#input.fail(reason);
    } else this.#stream.end(() => this.#stream.destroy());
  }

  /** Break the connection, whatever is still to be sent. */
  destroy(): void {
    this.#stream.destroy();
  }

  /** @returns whether another request may follow */
  async #serveRequest(): Promise<boolean> {
    const line = await this.#input.readLine(this.#context.limits.lineBytes);
    if (line === undefined) return false;
    const text = requestText(line);
    if (text === "") return true;
    this.#running = true;
    try {
      const reply = await this.#execute(text);
      if (reply === "close" || this.#taken) return false;
      if (reply === "open") return this.#isOpenAgain();
      await this.writeLine(replyLine(reply));
    } catch (error) {
      await this.#sendError(error);
    } finally {
      this.#running = false;
      this.#idleSince = performance.now();
    }
    return !this.#payloadBegun && !this.#taken && !this.#raw && !this.#abortReason;
  }

  #isOpenAgain(): boolean {
    this.#payloadBegun = false;
    this.#raw = false;
    return !this.#abortReason;
  }

  async #execute(text: string): Promise<JsonObject | "close" | "open"> {
    const parsed = parseRequest(text, this.#context.limits.jsonDepth);
    if (parsed.kind === "fault") throw new ControlError("REQUEST_INVALID", parsed.message);
    const command = this.#context.commands.get(parsed.name);
    if (!command) throw new ControlError("COMMAND_UNKNOWN", "Unknown command");
    const request = parsed.kind === "text" ? command.parseText(parsed.rest) : command.parseJson(parsed.request);
    return await command.run(request, this);
  }

  async #sendError(error: unknown): Promise<void> {
    if (!(error instanceof FarhandError) && !this.#stream.destroyed)
      this.#context.log.error("a control command failed unexpectedly", { err: error });
    else if (this.#raw && !this.#stream.destroyed && !this.#abortReason)
      this.#context.log.warn(`a reply broke off: ${errorText(error)}`);
    // A stream that was taken carries another protocol by now, and to a client that is gone nothing is sent.
    if (this.#taken || this.#raw || !this.#stream.writable) return;
    // A node whose order is under way would take our going for a refusal of it: a broken stream is one to try again.
    if (this.remote === "mesh" && systemCode(this.#abortReason) === "LISTENER_CLOSED") return this.destroy();
    const message = error instanceof FarhandError ? error.message : `internal error: ${errorText(error).slice(0, 200)}`;
    await this.writeLine(errorLine(message)).catch(() => {});
  }

  async #finish(): Promise<void> {
    if (this.#stream.destroyed) return;
    this.#input.detach();
    // Whatever the client still sends is thrown away: closing with unread bytes could cost it the last reply.
    this.#stream.resume();
    await new Promise<unknown>((resolve) => this.#stream.end(resolve));
    this.#lingerSince = performance.now();
  }

  #abort(reason: Error): void {
    this.#abortReason ??= reason;
    this.#aborter?.abort(this.#abortReason);
  }

  /**
   * A client that has half-closed and then vanishes is not seen by reading. An empty write sends nothing, but fails
   * on a Unix socket whose other end is closed and on a TCP socket that was reset.
   */
  #probe(): void {
    if (this.#canProbe() && this.#stream.writable && this.#stream.writableLength === 0) this.#stream.write(nothing);
  }

  /** On TLS the system's answer is lost on its way up, and on the mesh an empty write may be a message. */
  #canProbe(): boolean {
    return !this.#taken && (this.remote === "unix" || this.remote === "tcp");
  }

  async #checkClientIsThere(): Promise<void> {
    await new Promise((resolve) => this.#stream.write(nothing, resolve));
    if (this.#stream.destroyed) throw clientGone(this.#stream.errored);
  }
}

function clientGone(cause: unknown): ControlError {
  const why = cause ? `: ${errorText(cause)}` : "";
  return new ControlError("CLIENT_GONE", `the client closed the connection${why}`, { cause });
}
