/** Numbers as people read them. Programs get the plain ones with `--json`. */

/** `30 B`, `1.2 KiB`, `3.4 GiB`. */
export function readableSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const steps = Math.min(Math.floor(Math.log2(bytes) / 10), 5);
  const amount = bytes / 2 ** (10 * steps);
  return `${amount < 10 ? amount.toFixed(1) : Math.round(amount)} ${["B", "KiB", "MiB", "GiB", "TiB", "PiB"][steps]}`;
}

/** How long something took: `40 ms`, `5.0 s`, `3 m 20 s`, `2 h 5 m`, `4 d 3 h`. */
export function readableDuration(seconds: number): string {
  if (seconds < 1) return `${Math.max(0, Math.round(seconds * 1000))} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${whole % 60} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${minutes % 60} m`;
  return `${Math.floor(minutes / 1440)} d ${Math.floor((minutes % 1440) / 60)} h`;
}

/** How long ago, in one figure: `now`, `40s`, `5m`, `3h`, `12d`. */
export function readableAge(seconds: number): string {
  if (seconds < 1) return "now";
  if (seconds < 60) return `${Math.floor(seconds)}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** Local time, `2026-11-21 22:03:16`; a text that is no time comes back as it is. */
export function readableTime(text: string): string {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return text;
  const two = (n: number): string => String(n).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":")}`;
}

/** Text of somebody else, safe for a terminal: one line, without control characters. */
export function oneLine(text: string): string {
  return (
    text
      .replace(/\s+/g, " ")
      // Also those that turn the direction of writing: what stands behind them would be read as something else.
      .replace(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "?")
      .trim()
  );
}
