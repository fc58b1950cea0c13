import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { errorText, FarhandError } from "#core";
import { type ApiAddress, ApiClient } from "../../../src/cli/server/api-client.ts";
import { ServerProblem } from "../../../src/cli/server/problem.ts";
import { objectIn, textIn } from "../../../src/cli/server/shapes.ts";

/** Between two tries. */
const againMs = 200;
/** One exchange; a server that is frozen may be back by then. */
const exchangeMs = 20_000;

/** Answers after which the same question may have another answer. */
const passing = new Set([
  ...["IDEMPOTENCY_RUNNING", "IDEMPOTENCY_LOST", "CONNECTION_REFUSED", "RATE_LIMITED", "CALLS_FULL", "BODY_SLOW"],
  // Logins that were broken off count as failed ones.
  "LOGIN_DELAYED",
  // Of a connection that has just been cut the server knows before its client, and nothing was done.
  "HANDLE_REFUSED",
]);

/** A user whose program tries again, as a careful one does, when server, worker or what lies between is away. */
export class User implements Disposable {
  readonly #address: ApiAddress;
  readonly #admin: { readonly user: string; readonly passwordFile: string };
  #api: ApiClient | undefined;
  /** Answers that nobody foresaw: each one is a defect of the server. */
  readonly surprises: string[] = [];
  /** What kept it from going on: how often, and how it was said the first time. */
  readonly hindrances = new Map<string, { count: number; readonly said: string }>();

  constructor(address: ApiAddress, admin: { readonly user: string; readonly passwordFile: string }) {
    this.#address = address;
    this.#admin = admin;
  }

  /**
   * One exchange, again and again until there is an answer that stays so.
   *
   * @throws {ServerProblem} that answer, when it is a refusal.
   */
  async ask<T>(exchange: (api: ApiClient, signal: AbortSignal) => Promise<T>, until: AbortSignal): Promise<T> {
    for (;;) {
      until.throwIfAborted();
      const limit = AbortSignal.timeout(exchangeMs);
      try {
        const signal = AbortSignal.any([until, limit]);
        return await exchange(await this.#open(signal), signal);
      } catch (error) {
        // Whatever an exchange throws that was given up: it took too long.
        const why: unknown = limit.aborted && !(error instanceof FarhandError) ? limit.reason : error;
        if (!this.#passes(why)) throw error;
      }
      await sleep(againMs, undefined, { signal: until });
    }
  }

  /** For a worker that is to join. */
  async enrolmentToken(): Promise<string> {
    const made = await this.ask((api) => api.ask("POST", "/enrolments", { body: {} }), AbortSignal.timeout(60_000));
    return textIn(objectIn(made), "token");
  }

  [Symbol.dispose](): void {
    this.#api?.close();
    this.#api = undefined;
  }

  async #open(signal: AbortSignal): Promise<ApiClient> {
    if (this.#api) return this.#api;
    const api = new ApiClient(this.#address);
    try {
      const body = { user: this.#admin.user, password: readFileSync(this.#admin.passwordFile, "utf8") };
      api.token = textIn(objectIn(await api.ask("POST", "/login", { body, signal })), "token");
    } catch (error) {
      api.close();
      throw error;
    }
    this.#api = api;
    return api;
  }

  #passes(error: unknown): boolean {
    const isTimeout = error instanceof DOMException && error.name === "TimeoutError";
    if (!(error instanceof FarhandError) && !isTimeout) return false;
    const code = error instanceof FarhandError ? error.code : "TIMEOUT";
    const hindrance = this.hindrances.get(code) ?? { count: 0, said: errorText(error) };
    this.hindrances.set(code, hindrance);
    hindrance.count++;
    if (!(error instanceof ServerProblem))
      return isTimeout || code === "SERVER_UNREACHABLE" || code === "FOLLOW_BROKEN";
    // The session is over, as when the server's clock has gone on by more than it lives; or its WebSocket is.
    if (error.status === 401 || code === "CONNECTION_REFUSED" || code === "HANDLE_REFUSED") this[Symbol.dispose]();
    if (error.status === 500) this.surprises.push(`${code}: ${error.message}`);
    return error.status === 401 || error.status >= 500 || passing.has(code);
  }
}
