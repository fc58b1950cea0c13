import type { Log } from "#core";
import { includesLevel, noticesSubscribe, type NoticeTopic, type ServedMethod, serve } from "#fleet";
import { WorkerError } from "../errors.ts";
import type { Access } from "./access.ts";
import type { RecentLog } from "./recent-log.ts";
import { type Visitor, visitorOf } from "./visitor.ts";

/** A connection that can be told something. */
export interface NoticeReader {
  /** @returns false when it is too far behind: the notice is lost to it. */
  tell(text: string): boolean;
}

/** What a visitor on a lasting connection hears, and what was lost meanwhile. */
interface Subscription {
  readonly reader: NoticeReader;
  topics: ReadonlySet<NoticeTopic>;
  lost: number;
}

/** Tells connections what they asked to hear of. Whoever reads slowly misses some, and is told how many. */
export class Notices {
  readonly #access: Access;
  readonly #subscriptions = new Map<Visitor, Subscription>();

  constructor(access: Access) {
    this.#access = access;
  }

  /** A connection has begun. @returns what is to be called when it is gone. */
  attach(visitor: Visitor, reader: NoticeReader): () => void {
    this.#subscriptions.set(visitor, { reader, topics: new Set(), lost: 0 });
    return () => void this.#subscriptions.delete(visitor);
  }

  /** @throws {WorkerError} REQUEST_UNFIT: the caller's connection does not last. */
  subscribe(visitor: Visitor | undefined, topics: readonly NoticeTopic[]): void {
    const subscription = visitor && this.#subscriptions.get(visitor);
    if (!subscription)
      throw new WorkerError("REQUEST_UNFIT", "notices come on the Unix socket and the WebSocket /rpc/stream only");
    subscription.topics = new Set(topics);
  }

  /** @param about gives, when somebody hears it, what JSON can say and is no secret: it takes no more than level monitor. */
  publish(topic: NoticeTopic, about: () => object): void {
    let text: string | undefined;
    for (const [visitor, subscription] of this.#subscriptions) {
      if (!subscription.topics.has(topic) || !this.#mayHear(visitor)) continue;
      text ??= notification(`notice.${topic}`, about());
      tell(subscription, text);
    }
  }

  /** What they may hear can have changed since they asked. */
  #mayHear(visitor: Visitor): boolean {
    return includesLevel(this.#access.verdict(visitor.carrier, visitor.credential).level, noticesSubscribe.level);
  }
}

/** `notices.subscribe`. */
export function noticeMethods(notices: Notices): ServedMethod[] {
  return [
    serve(noticesSubscribe, ({ topics }, { caller }) => {
      notices.subscribe(visitorOf(caller), topics);
      return { topics };
    }),
  ];
}

/** A log whose lines of info and above are told as well, and kept where they were kept before; the last ones in `recent` too. */
export function noticingLog(log: Log, notices: () => Notices | undefined, recent?: RecentLog): Log {
  const both =
    (level: "info" | "warn" | "error"): Log["info"] =>
    (message, fields) => {
      log[level](message, fields);
      const line = recent?.keep(level, message, fields);
      notices()?.publish("log", () => line ?? { level, message, ...(fields && { fields }) });
    };
  return {
    debug: (message, fields) => log.debug(message, fields),
    info: both("info"),
    warn: both("warn"),
    error: both("error"),
  };
}

function tell(subscription: Subscription, text: string): void {
  const { reader, lost } = subscription;
  if (lost > 0 && reader.tell(notification("notice.lost", { count: lost }))) subscription.lost = 0;
  if (subscription.lost > 0 || !reader.tell(text)) subscription.lost++;
}

function notification(method: string, params: object): string {
  return JSON.stringify({ jsonrpc: "2.0", method, params });
}
