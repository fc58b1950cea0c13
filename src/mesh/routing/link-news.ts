import type { Log } from "#core";
import type { Environment } from "./environment.ts";
import type { Link } from "./link.ts";

/** A link that has lived for so long is one that both sides want, milliseconds. */
const lastingMs = 10_000;
/** What goes wrong again and again is said again after so long. */
const remindMs = 10 * 60_000;
/** Neighbours and places remembered. */
const maxFailures = 1000;

/** How a link ended. */
export interface LinkEnding {
  readonly why: string;
  readonly wasUp: boolean;
  /** One side did not want the other. */
  readonly isRefusal: boolean;
}

interface Failure {
  readonly why: string;
  readonly saidAt: number;
  repeats: number;
}

/**
 * What the log says of links that come and go. A dialer that is turned away comes again every few seconds, for ever: that
 * is said once, when it changes, and every few minutes.
 */
export class LinkNews {
  readonly #log: Log;
  readonly #environment: Environment;
  /** By neighbour, or where it came from; the one that was said the longest ago first. */
  readonly #failures = new Map<string, Failure>();

  constructor(log: Log, environment: Environment) {
    this.#log = log;
    this.#environment = environment;
  }

  /** A link is up. Where the last one was refused, it is news only when it lasts. */
  came(link: Link): void {
    if (!this.#failures.has(link.peer)) return this.#sayUp(link);
    this.#log.debug(`${upText(link)}, perhaps not for long`);
    this.#environment.after(lastingMs, () => {
      if (link.isUp && this.#failures.delete(link.peer)) this.#sayUp(link);
    });
  }

  ended(link: Link, { why, wasUp, isRefusal }: LinkEnding): void {
    const text = `link${link.peer && ` to ${link.peer}`} over ${link.road.description} ended: ${why}`;
    if (wasUp && !isRefusal) return this.#log.info(text);
    const key = link.peer || placeOf(link);
    const before = this.#failures.get(key);
    const now = this.#environment.elapsed();
    const isSame = before?.why === why;
    if (before && isSame && now - before.saidAt < remindMs) {
      before.repeats++;
      return this.#log.debug(text);
    }
    this.#failures.delete(key);
    this.#failures.set(key, { why, saidAt: now, repeats: 0 });
    for (const oldest of this.#failures.keys()) if (this.#failures.size > maxFailures) this.#failures.delete(oldest);
    this.#log.warn(isSame && before.repeats > 0 ? `${text} (${before.repeats} more times)` : text);
  }

  #sayUp(link: Link): void {
    this.#log.info(upText(link), { road: link.road.description, cost: link.cost });
  }
}

function upText({ peer }: Link): string {
  return `Connection established with ${peer}`;
}

/** The far end of a road, without the port that is another each time. */
function placeOf({ road }: Link): string {
  return road.description.replace(/:\d+$/, "");
}
