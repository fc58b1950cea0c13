/**
 * A signal that fires after so many milliseconds, or with one of the others; it keeps no process alive.
 *
 * In place of `AbortSignal.timeout()`: the sources of `AbortSignal.any()` are held weakly, so that of Node 20 is collected, and its timer
 * with it, where nothing but the combined signal knows it. What was to be given up after a while then never is.
 *
 * @returns its reason is a `TimeoutError` when the time is over, as that of `AbortSignal.timeout()`.
 */
export function timeLimit(ms: number, ...others: readonly AbortSignal[]): AbortSignal {
  const over = new AbortController();
  // The timer holds what it fires.
  setTimeout(
    () => over.abort(new DOMException("The operation was aborted due to timeout", "TimeoutError")),
    ms,
  ).unref();
  return others.length === 0 ? over.signal : AbortSignal.any([...others, over.signal]);
}
