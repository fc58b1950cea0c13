import type { JsonObject } from "#core";
import type { ToolContext } from "../tool.ts";
import type { PingAnswer } from "./ping-lines.ts";

/** What is pinged, by which program, how often. */
export interface Pinged {
  readonly host: string;
  readonly address: string;
  readonly program: string;
  readonly attempts: number;
}

/** Tells each ping as a line, and all of them as the last one. */
export class PingTally {
  /** Pings whose fate was told. */
  told = 0;
  readonly #pinged: Pinged;
  readonly #context: Pick<ToolContext, "line" | "note">;
  readonly #times: number[] = [];

  constructor(pinged: Pinged, context: Pick<ToolContext, "line" | "note">) {
    this.#pinged = pinged;
    this.#context = context;
  }

  get received(): number {
    return this.#times.length;
  }

  tell({ ms }: PingAnswer): void {
    const { attempts, address } = this.#pinged;
    if (this.told >= attempts) return;
    this.told++;
    if (ms !== undefined) this.#times.push(ms);
    const how = ms === undefined ? { ok: false, error: "no answer" } : { ok: true, ms };
    this.#context.line({ type: "probe", attempt: this.told, address, ...how });
  }

  /** The program has ended, and none of those it has not told of was answered. */
  restIsLost(): void {
    while (this.told < this.#pinged.attempts) this.tell({ ms: undefined });
  }

  end(): void {
    if (this.told === 0) return;
    const { host, address, program } = this.#pinged;
    const verdict = this.received > 0 ? "up" : "down";
    this.#context.line({
      ...{ type: "summary", probe: "ping", target: host, address, program, verdict },
      ...{ attempts: this.told, good: this.received, loss: (this.told - this.received) / this.told, ...this.#spread() },
      ...(verdict === "down" && { reason: "no answer" }),
    });
    this.#context.note(`${host} is ${verdict}: ${this.received} of ${this.told} pings were answered`);
  }

  #spread(): JsonObject {
    if (this.#times.length === 0) return {};
    const average = this.#times.reduce((sum, ms) => sum + ms, 0) / this.#times.length;
    const averageMs = Math.round(average * 1_000) / 1_000;
    return { bestMs: Math.min(...this.#times), averageMs, worstMs: Math.max(...this.#times) };
  }
}
