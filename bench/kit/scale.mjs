/** Shrinks every count of a run: 1 unless set, 0.1 for a quick look. Figures of a shrunken run are noisier. */
const scale = Number(process.env.BENCH_SCALE ?? 1);
if (!(scale > 0 && scale <= 10)) throw new RangeError("BENCH_SCALE is a number above 0 and up to 10");

/** A count at this run's scale, `least` at least. */
export function scaled(count, least = 1) {
  return Math.max(least, Math.round(count * scale));
}
