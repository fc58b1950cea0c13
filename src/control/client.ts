import type { Duplex } from "node:stream";
import { errorText } from "#core";
import type { ControlAddress } from "./address.ts";
import { addressText, type Dialled, dial, dialError } from "./dial.ts";
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
  /** One line out, one JSON line in. @throws {ControlError} `REMOTE_ERROR` with the text after `ERROR: `. */
  call(request: JsonObject | string): Promise<JsonObject>;
  /** The same where the reply line is plain text (submit, results, connect). */
  callLine(request: JsonObject | string): Promise<string>;
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

/** Longest reply line: `work list` of very many units is one line. */
const replyBytes = 256 * 1024 * 1024;
const bannerBytes = 4096;

/** Connect and read the banner. @throws {ControlError | TlsProfileError} with a code for each way this can fail. */
export async function connectControl(address: ControlAddress, options: ConnectOptions = {}): Promise<ControlClient> {
  const { signal, timeoutMs = 10_000 } = options;
  signal?.throwIfAborted();
  const dialled = dial(address);
  const connection = new Connection(dialled, address, signal);
  const timer = setTimeout(() => dialled.stream.destroy(tooSlow(address, timeoutMs)), timeoutMs);
  try {
    await connection.readBanner();
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
  readonly #dialled: Dialled;
  readonly #stream: Duplex;
  readonly #address: ControlAddress;
  readonly #signal: AbortSignal | undefined;
  readonly #input: StreamInput;
  #payloadOpen = false;

  constructor(dialled: Dialled, address: ControlAddress, signal: AbortSignal | undefined) {
    this.#dialled = dialled;
    this.#stream = dialled.stream;
    this.#address = address;
    this.#signal = signal;
    const onAbort = (): void => this.close();
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#stream.on("close", () => signal?.removeEventListener("abort", onAbort));
    this.#input = new StreamInput(this.#stream, this.#broken);
  }

  async readBanner(): Promise<void> {
    const line = await this.#input.readLine(bannerBytes).catch((error) => {
      throw isTooLong(error) ? this.#notReceptor() : error;
    });
    if (line === undefined) throw dialError(this.#address, undefined);
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

  async sendPayload(source: AsyncIterable<Uint8Array>): Promise<void> {
    this.#payloadOpen = true;
    try {
      for await (const chunk of source) await writeSlowly(this.#stream, chunk, this.#broken);
      this.#payloadOpen = false;
    } catch (error) {
      if (!this.#stream.destroyed) this.#dialled.reset();
      // A server that hung up in the middle may have said why.
      else await this.#readReply();
      throw error;
    }
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
    if (this.#payloadOpen) this.#dialled.reset();
    else this.#stream.destroy();
  }

  async #send(request: JsonObject | string): Promise<void> {
    const line = requestLine(request);
    if (/[\r\n]/.test(line)) throw new ControlError("REQUEST_INVALID", "a request is one line without line breaks");
    await writeSlowly(this.#stream, `${line}\n`, this.#broken);
  }

  async #readReply(): Promise<string> {
    const line = await this.#input.readLine(replyBytes);
    if (line === undefined) throw this.#broken(undefined);
    return throwErrorLine(line);
  }

  readonly #broken = (cause: unknown): Error => {
    if (this.#signal?.aborted) return this.#signal.reason as Error;
    if (this.nodeId === "") return dialError(this.#address, cause);
    const why = cause ? errorText(cause) : "it was closed";
    const where = addressText(this.#address);
    return new ControlError("CONNECTION_LOST", `lost the connection to ${this.nodeId} at ${where}: ${why}`, { cause });
  };

  #notReceptor(): ControlError {
    const where = addressText(this.#address);
    return new ControlError("NOT_RECEPTOR", `${where}: what answers there is no control service: check the address`);
  }
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

function tooSlow(address: ControlAddress, timeoutMs: number): ControlError {
  return new ControlError(
    "CONNECT_TIMEOUT",
    `${addressText(address)}: no banner within ${timeoutMs} ms: is this a control service, and is TLS used on both sides or neither?`,
  );
}
