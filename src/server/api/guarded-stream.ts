import { PassThrough, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ServerError } from "../errors.ts";
import type { ApiLimits } from "./limits.ts";

export interface StreamGuard {
  readonly limits: Pick<ApiLimits, "streamIdleMs" | "streamTotalMs">;
  /** It is over when this fires. */
  readonly signal: AbortSignal;
  /** Something moved. */
  readonly used: () => void;
  /** More than so many bytes are too many. */
  readonly maxBytes?: number;
  /** Fewer are too few. */
  readonly minBytes?: number;
}

/**
 * The same bytes, and an end to them: when nothing moved for too long, in either direction, when it goes on for too long
 * (CAT-59), and when what it rests on has ended. It breaks off then; whoever reads must not take it for whole.
 */
export function guarded(source: Readable, guard: StreamGuard): Readable {
  const out = new PassThrough();
  const watch = watchIdle(guard.limits.streamIdleMs);
  const total = watchIdle(guard.limits.streamTotalMs, "it went on for too long");
  const signal = AbortSignal.any([guard.signal, watch.signal, total.signal]);
  const metered = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (guard.maxBytes !== undefined && bytes > guard.maxBytes)
        throw new ServerError("WORKER_ANSWER", "the worker sent more than it announced");
      watch.moved();
      guard.used();
      yield chunk;
    }
    if (guard.minBytes !== undefined && bytes < guard.minBytes)
      throw new ServerError("WORKER_ANSWER", "the worker sent less than it announced");
  };
  // How it ended shows in `out`.
  pipeline(source, metered, out, { signal })
    .catch(() => {})
    .finally(() => {
      watch.stop();
      total.stop();
    });
  return out;
}

/** Fires when nobody says `moved` for so long, for that reason; holds nothing once it is stopped. */
export function watchIdle(
  idleMs: number,
  why = "nothing moved for too long",
): {
  readonly signal: AbortSignal;
  readonly moved: () => void;
  readonly stop: () => void;
} {
  const idle = new AbortController();
  const timer = setTimeout(() => idle.abort(new Error(why)), idleMs);
  // A server that stops does not wait for what will not move any more.
  timer.unref();
  return { signal: idle.signal, moved: () => void timer.refresh(), stop: () => clearTimeout(timer) };
}
