import { MeshError } from "../errors.ts";

/** Longer than a dial by QUIC may take (15 s), since a hub that dials for its stub is to say itself how that went. */
const dialMs = 20_000;

/** Run a dial that ends with the signal, and with `TIMEOUT` when nobody answers. */
export async function withinDialTime<T>(
  node: string,
  signal: AbortSignal | undefined,
  dial: (limit: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const stop = (): void => limit.abort(signal?.reason);
  const late = (): void => limit.abort(new MeshError("TIMEOUT", `node ${node} did not answer in time`));
  const timer = setTimeout(late, dialMs);
  // Not `AbortSignal.any`: where a signal lives long, what is made of it stays.
  signal?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted) stop();
  try {
    return await dial(limit.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}
