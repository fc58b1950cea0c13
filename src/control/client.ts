import type { Duplex } from "node:stream";
import { errorText, FarhandError } from "#core";
import type { ControlAddress } from "./address.ts";
import { addressText, dial, dialError } from "./dial.ts";
import { ControlError } from "./errors.ts";
import { StreamInput } from "./stream-input.ts";
import { writeSlowly } from "./stream-output.ts";
import { type JsonObject, messageOfErrorLine, nodeIdOfBanner, requestLine } from "./wire.ts";

/**
 * A connection to a control service. One request at a time: await a reply before the next request.
 *
 * Every wait ends with `CONNECTION_LOST` when the connection breaks, or with the reason of the signal it was opened with.
 */
export interface ControlClient {
  /** From the banner. */
  readonly nodeId: string;
  /** Resolves when the connection is gone, whoever ended it. */
  readonly closed: Promise<void>;
  /** One line out, one JSON line in. @throws {ControlError} `REMOTE_ERROR` with the text after `ERROR: `. */
  call(request: JsonObject | string): Promise<JsonObject>;
  /** The same where the reply line is plain text (submit, results, connect). */
  callLine(request: JsonObject | string): Promise<string>;
  /** Raw bytes behind which the connection stays open; otherwise like {@link sendPayload}. */
  send(source: AsyncIterable<Uint8Array>): Promise<void>;
  /** Raw bytes, then half-close. When the source fails the connection is broken, so that no half payload is run. */
  sendPayload(source: AsyncIterable<Uint8Array>): Promise<void>;
  /** The next reply line. */
  readJson(): Promise<JsonObject>;
  /** Everything from here to the end of the stream. */
  bytes(): AsyncIterable<Uint8Array>;
  /** The same raw, for piping. Nothing else of this client can be used afterwards but `close()`. */
  stream(): Duplex;
  /** Hang up now. */
  close(): void;
}

/** How long to wait for the banner, and what ends the connection early. */
export interface ConnectOptions {
  /** Closes the connection whenever it fires, also long after the banner. */
  readonly signal?: AbortSignal | undefined;
  /** Time until the banner, 10 s when absent. */
  readonly timeoutMs?: number | undefined;
}

/** What is different over a stream that another room has opened. */
export interface OverOptions extends ConnectOptions {
  /** The node that must answer; any, when absent. */
  readonly expectNode?: string | undefined;
  /** Longest reply line in bytes; 256 MiB when absent. */
  readonly replyBytes?: number | undefined;
}

/** A stream, and what its client says of it. */
interface Link {
  readonly stream: Duplex;
  readonly where: string;
  /** Break it so that the server sees a broken connection and not a clean end of input. */
  reset(): void;
  /** The error for a stream that failed before its banner came. */
  failed(cause: unknown): Error;
}

/** Longest reply line: `work list` of very many units is one line. */
const replyBytes = 256 * 1024 * 1024;
const bannerBytes = 4096;

/** Connect and read the banner. @throws {ControlError | TlsProfileError} with a code for each way this can fail. */
export async function connectControl(address: ControlAddress, options: ConnectOptions = {}): Promise<ControlClient> {
  const { signal, timeoutMs = 10_000 } = options;
  signal?.throwIfAborted();
  const { stream, reset } = dial(address);
  const failed = (cause: unknown): Error => dialError(address, cause);
  return await greeted({ stream, reset, failed, where: addressText(address) }, timeoutMs, { signal });
}

/**
 * Speak to a control service over a stream that is open already, such as one of the mesh. The stream is this client's.
 *
 * @param where names the far end in errors.
 * @throws {ControlError} as {@link connectControl} does; `NOT_RECEPTOR` also when another node than expected answers.
 */
export async function controlOver(stream: Duplex, where: string, options: OverOptions = {}): Promise<ControlClient> {
  const reset = (): void => void stream.destroy(new ControlError("CONNECTION_LOST", "broken off"));
  const failed = (cause: unknown): Error => {
    if (cause instanceof FarhandError) return cause;
    const why = cause ? errorText(cause) : "the connection ended before a banner came";
    return new ControlError(cause ? "CONNECTION_FAILED" : "NOT_RECEPTOR", `${where}: ${why}`, { cause });
  };
  return await greeted({ stream, reset, failed, where }, options.timeoutMs ?? 10_000, options);
}

async function greeted(link: Link, timeoutMs: number, options: OverOptions): Promise<ControlClient> {
  const connection = new Connection(link, options);
  const timer = setTimeout(() => link.stream.destroy(tooSlow(link.where, timeoutMs)), timeoutMs);
  try {
    options.signal?.throwIfAborted();
    await connection.readBanner(options.expectNode);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

class Connection implements ControlClient {
  nodeId = "";
  readonly closed: Promise<void>;
  readonly #link: Link;
  readonly #stream: Duplex;
  readonly #signal: AbortSignal | undefined;
  readonly #replyBytes: number;
  readonly #input: StreamInput;
  #payloadOpen = false;

  constructor(link: Link, options: OverOptions) {
    this.#link = link;
    this.#stream = link.stream;
    this.#signal = options.signal;
    this.#replyBytes = options.replyBytes ?? replyBytes;
    const onAbort = (): void => this.close();
    this.#signal?.addEventListener("abort", onAbort, { once: true });
    this.closed = new Promise((resolve) => {
      this.#stream.on("close", () => {
        this.#signal?.removeEventListener("abort", onAbort);
        resolve();
      });
    });
    this.#input = new StreamInput(this.#stream, this.#broken);
  }

  /** @param expected the node that must answer, when it matters. */
  async readBanner(expected: string | undefined): Promise<void> {
    const line = await this.#input.readLine(bannerBytes).catch((error) => {
      throw isTooLong(error) ? this.#notReceptor() : error;
    });
    if (line === undefined) throw this.#link.failed(undefined);
    if (expected !== undefined && nodeIdOfBanner(line) !== expected) throw unexpectedNode(expected, line);
    const nodeId = nodeIdOfBanner(throwErrorLine(line));
    if (nodeId === undefined) throw this.#notReceptor();
    this.nodeId = nodeId;
  }

  async call(request: JsonObject | string): Promise<JsonObject> {
    await this.#send(request);
    return await this.readJson();
  }

  async callLine(request: JsonObject | string): Promise<string> {
    await this.#send(request);
    return await this.#readReply();
  }

  async readJson(): Promise<JsonObject> {
    const line = await this.#readReply();
    const reply = parseReply(line);
    if (reply) return reply;
    throw new ControlError("REPLY_INVALID", `the reply is no JSON object: ${line.slice(0, 200)}`);
  }

  async send(source: AsyncIterable<Uint8Array>): Promise<void> {
    this.#payloadOpen = true;
    try {
      for await (const chunk of source) await writeSlowly(this.#stream, chunk, this.#broken);
      this.#payloadOpen = false;
    } catch (error) {
      if (!this.#stream.destroyed) this.#link.reset();
      // A server that hung up in the middle may have said why.
      else await this.#readReply();
      throw error;
    }
  }

  async sendPayload(source: AsyncIterable<Uint8Array>): Promise<void> {
    await this.send(source);
    const failure = await new Promise<unknown>((resolve) => this.#stream.end(resolve));
    if (failure) throw this.#broken(failure);
  }

  bytes(): AsyncIterable<Uint8Array> {
    return this.#input.bytes();
  }

  stream(): Duplex {
    this.#input.detach();
    return this.#stream;
  }

  close(): void {
    // An orderly end in mid-payload would look like the payload's own.
    if (this.#payloadOpen) this.#link.reset();
    else this.#stream.destroy();
  }

  async #send(request: JsonObject | string): Promise<void> {
    const line = requestLine(request);
    if (/[\r\n]/.test(line)) throw new ControlError("REQUEST_INVALID", "a request is one line without line breaks");
    await writeSlowly(this.#stream, `${line}\n`, this.#broken);
  }

  async #readReply(): Promise<string> {
    const line = await this.#input.readLine(this.#replyBytes);
    if (line === undefined) throw this.#broken(undefined);
    return throwErrorLine(line);
  }

  readonly #broken = (cause: unknown): Error => {
    if (this.#signal?.aborted) return this.#signal.reason as Error;
    if (this.nodeId === "") return this.#link.failed(cause);
    const why = cause ? errorText(cause) : "it was closed";
    const to = `${this.nodeId} at ${this.#link.where}`;
    return new ControlError("CONNECTION_LOST", `lost the connection to ${to}: ${why}`, { cause });
  };

  #notReceptor(): ControlError {
    const { where } = this.#link;
    return new ControlError("NOT_RECEPTOR", `${where}: what answers there is no control service: check the address`);
  }
}

/** In the words of the specification (§2.7.3). */
function unexpectedNode(expected: string, line: string): ControlError {
  const got = line.slice(0, 200);
  return new ControlError("NOT_RECEPTOR", `while expecting node ID ${expected}, got message: ${got}`);
}

function throwErrorLine(line: string): string {
  const message = messageOfErrorLine(line);
  if (message !== undefined) throw new ControlError("REMOTE_ERROR", message.trim());
  return line;
}

function parseReply(line: string): JsonObject | undefined {
  try {
    const reply: unknown = JSON.parse(line);
    return typeof reply === "object" && reply !== null && !Array.isArray(reply) ? (reply as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

function isTooLong(error: unknown): boolean {
  return error instanceof ControlError && error.code === "LINE_TOO_LONG";
}

function tooSlow(where: string, timeoutMs: number): ControlError {
  return new ControlError(
    "CONNECT_TIMEOUT",
    `${where}: no banner within ${timeoutMs} ms: is this a control service, and is TLS used on both sides or neither?`,
  );
}
