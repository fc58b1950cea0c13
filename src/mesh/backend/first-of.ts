import { errorText } from "#core";
import { MeshError } from "../errors.ts";

/** So long an address is tried before the next one, milliseconds. */
const alternateMs = 4_000;

/**
 * What comes of the first address that works, tried in order. One that swallows everything must not keep us from the next.
 *
 * @param shown an address for people.
 * @throws what the only address gave; {MeshError} `DIAL_FAILED` with all of it when there are several.
 */
export async function firstOf<A, T>(
  addresses: readonly A[],
  shown: (address: A) => string,
  signal: AbortSignal,
  attempt: (address: A, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const faults: { readonly address: A; readonly error: unknown }[] = [];
  for (const [n, address] of addresses.entries()) {
    const isLast = n === addresses.length - 1;
    try {
      return await (isLast ? attempt(address, signal) : within(signal, (limit) => attempt(address, limit)));
    } catch (error) {
      signal.throwIfAborted();
      faults.push({ address, error });
    }
  }
  const [first] = faults;
  if (faults.length === 1) throw first?.error;
  const each = faults.map(({ address, error }) => `${shown(address)}: ${errorText(error)}`);
  throw new MeshError("DIAL_FAILED", each.join("; "), { cause: first?.error });
}

/** The limit does not reach into what comes of the attempt. */
async function within<T>(signal: AbortSignal, attempt: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const limit = new AbortController();
  const stop = (): void => limit.abort(signal.reason);
  const late = new MeshError("DIAL_FAILED", `no answer within ${alternateMs / 1_000} s`);
  const timer = setTimeout(() => limit.abort(late), alternateMs);
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await attempt(limit.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}
