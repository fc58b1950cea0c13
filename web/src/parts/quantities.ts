/** A span for people, in one unit: `4 s`, `12 min`, `3 h`, `9 d`. */
export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** How long something took, as exactly as people want it. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60)];
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${seconds % 60} s`;
}

const sizes = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** Bytes for people. */
export function bytesText(bytes: number): string {
  const step = bytes < 1_024 ? 0 : Math.min(sizes.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1_024 ** step;
  return `${step === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${sizes[step]}`;
}

/** 0 to 100. */
export function percentText(percent: number): string {
  return `${percent > 0 && percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
}

/** A moment, in the reader's own zone; of today without the date. */
export function momentText(at: number, now: number): string {
  const isToday = new Date(at).toDateString() === new Date(now).toDateString();
  const date = { year: "numeric", month: "short", day: "numeric" } as const;
  const time = { hour: "2-digit", minute: "2-digit", second: "2-digit" } as const;
  return new Intl.DateTimeFormat(undefined, isToday ? time : { ...date, ...time }).format(at);
}

/** `1 hop`, `3 hops`. */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** A user as workers name them, `ada (0f3c…)`, without the id. */
export function personText(user: string): string {
  return user.replace(/ \([0-9a-f-]{8,}\)$/, "");
}
