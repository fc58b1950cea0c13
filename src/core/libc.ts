import { createRequire } from "node:module";

/** A function of the C library. */
export type CFunction = (...args: unknown[]) => unknown;

let loaded: { func(declaration: string): unknown } | undefined;
const functions = new Map<string, CFunction>();

/**
 * A function of the C library, by its declaration. Loaded when the first is asked for: most command lines need none, and
 * it costs 10 ms. The only file that knows koffi.
 */
export function libc(declaration: string): CFunction {
  const known = functions.get(declaration);
  if (known) return known;
  if (!loaded) {
    const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
    loaded = koffi.load(null);
  }
  const found = loaded.func(declaration) as CFunction;
  functions.set(declaration, found);
  return found;
}
