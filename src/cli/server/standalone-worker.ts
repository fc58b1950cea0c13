import { timeLimit } from "#core";
import { apiVersion, faultOfRpcError, type Hello, includesLevel, isLevel, type Level, RemoteError } from "#fleet";
import { CliError } from "../errors.ts";
import { programVersion } from "../version.ts";
import { agentFor } from "./agent.ts";
import { exchange, textOf } from "./exchange.ts";
import { passwordOf } from "./hand-list.ts";
import type { HandEntry } from "./hand-list-schema.ts";
import { objectIn, type Shape, textIn } from "./shapes.ts";
import { parsePin } from "./trust.ts";

const maxAnswerBytes = 16 * 1024 * 1024;
const answerMs = 30_000;

/** One worker's own HTTPS port (CAT-15). Not a byte goes there before it has shown the certificate that was written down. */
export class StandaloneWorker {
  readonly #url: URL;
  readonly #agent: ReturnType<typeof agentFor>;
  readonly #passwordFile: string | undefined;
  #login: Promise<{ readonly token: string; readonly level: Level }> | undefined;

  constructor({ host, port, pin, passwordFile }: HandEntry) {
    this.#url = new URL(`https://${host.includes(":") ? `[${host}]` : host}:${port}`);
    this.#agent = agentFor(this.#url, { kind: "certificate", sha256: parsePin(pin) });
    this.#passwordFile = passwordFile;
  }

  /** Our level there: that of the password, none without one. */
  async level(): Promise<Level> {
    return this.#passwordFile === undefined ? "none" : (await this.#loggedIn()).level;
  }

  /** What it says of itself to everybody. */
  async hello(): Promise<Shape> {
    const us: Hello = {
      ...{ apiVersion, serviceVersion: programVersion(), mode: "standalone", state: "configured", features: [] },
    };
    return objectIn(await this.#send("hello", us));
  }

  /** Call one of its methods. @throws {RemoteError} what it refused. @throws {CliError} SERVER_…, ANSWER_INVALID. */
  async call(method: string, params: object = {}): Promise<unknown> {
    const token = this.#passwordFile === undefined ? undefined : (await this.#loggedIn()).token;
    return await this.#send(method, params, token);
  }

  /** Our session there ends with us. */
  async close(): Promise<void> {
    const login = await this.#login?.catch(() => undefined);
    if (login) await this.#send("password.logout", {}, login.token).catch(() => undefined);
    this.#agent.destroy();
  }

  #loggedIn(): Promise<{ readonly token: string; readonly level: Level }> {
    this.#login ??= this.#logIn();
    return this.#login;
  }

  async #logIn(): Promise<{ readonly token: string; readonly level: Level }> {
    const password = await passwordOf(this.#passwordFile ?? "");
    const session = objectIn(await this.#send("password.login", { password }));
    const { level } = session;
    const known = typeof level === "string" && isLevel(level) ? level : "none";
    // A worker that says more of us than a password can be worth is not believed (CAT-25).
    return { token: textIn(session, "token"), level: includesLevel("configure", known) ? known : "configure" };
  }

  async #send(method: string, params: object, token?: string): Promise<unknown> {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const headers = {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      "user-agent": `farhand/${programVersion()}`,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    };
    const url = new URL("/rpc", this.#url);
    const signal = timeLimit(answerMs);
    const answer = await exchange({ method: "POST", url, agent: this.#agent, headers, body, signal });
    return resultIn(await textOf(answer, url, maxAnswerBytes, () => this.#invalid("its answer is too long")), () =>
      this.#invalid(`it answers ${String(answer.statusCode)} and no JSON-RPC`),
    );
  }

  #invalid(why: string): CliError {
    return new CliError("ANSWER_INVALID", `${this.#url.host} does not answer as a worker does: ${why}`);
  }
}

function resultIn(text: string, invalid: () => CliError): unknown {
  let reply: unknown;
  try {
    reply = JSON.parse(text);
  } catch {
    throw invalid();
  }
  if (typeof reply !== "object" || reply === null) throw invalid();
  const { result, error } = reply as { result?: unknown; error?: unknown };
  if (isRpcError(error)) throw new RemoteError(faultOfRpcError(error));
  if (result === undefined) throw invalid();
  return result;
}

type RpcError = Parameters<typeof faultOfRpcError>[0];

function isRpcError(value: unknown): value is RpcError {
  if (typeof value !== "object" || value === null) return false;
  const { code, message } = value as { code?: unknown; message?: unknown };
  return typeof code === "number" && typeof message === "string";
}
