/**
 * What waits in a session at most, bytes. A caller that heeds {@link highWaterBytes} never comes here; a neighbour that
 * takes nothing while routing goes on does, and must not cost all the memory there is.
 */
export const overflowBytes = 64 * 1024 * 1024;

/** Why a session with too much waiting ends. */
export function overflowError(): Error {
  return new Error(`the neighbour has taken nothing of ${overflowBytes / 1024 / 1024} MiB that wait for it`);
}
