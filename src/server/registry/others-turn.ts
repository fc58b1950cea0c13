/**
 * Lets others have their turn: the embedded database answers at once, so that work on many rows, part by part, would keep
 * the process to itself until it is done.
 */
export function othersTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
