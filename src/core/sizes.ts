const bytesOf: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["b", 1],
  ["kb", 1e3],
  ["mb", 1e6],
  ["gb", 1e9],
  ["tb", 1e12],
  ["kib", 2 ** 10],
  ["mib", 2 ** 20],
  ["gib", 2 ** 30],
  ["tib", 2 ** 40],
]);

const units = ["TiB", "TB", "GiB", "GB", "MiB", "MB", "KiB", "kB"];

/**
 * Bytes of a size such as `1GiB`, `500MB`, `1.5 kB` or `4096`, or undefined when the text is none.
 *
 * `kB` … `TB` count by 1000, `KiB` … `TiB` by 1024, in any case. A bare `G` is refused, because people read it both ways.
 */
export function parseSize(text: string): number | undefined {
  const [, amount, unit = ""] = /^(\d{1,16}(?:\.\d{1,9})?) ?([a-z]{0,3})$/i.exec(text.trim()) ?? [];
  const scale = bytesOf.get(unit.toLowerCase());
  if (amount === undefined || scale === undefined) return undefined;
  const bytes = Math.round(Number(amount) * scale);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** The shortest text that {@link parseSize} reads as exactly this many bytes: `1GiB`, `500MB`, `4097`. */
export function formatSize(bytes: number): string {
  const unit = bytes === 0 ? undefined : units.find((name) => bytes % (bytesOf.get(name.toLowerCase()) ?? 1) === 0);
  return unit === undefined ? String(bytes) : `${bytes / (bytesOf.get(unit.toLowerCase()) ?? 1)}${unit}`;
}
