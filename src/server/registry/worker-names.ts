/** Names are written in commands and addresses. */
const maxNameChars = 63;

/** What a worker wants to be called, made a name: letters, digits, `.`, `_` and `-`. */
export function workerName(wanted: string): string {
  const name = wanted
    .slice(0, maxNameChars)
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "");
  return name || "worker";
}

/** The name itself, then `name-2`, `name-3`, …: the first one that is free is taken. */
export function* nameChoices(name: string): Generator<string> {
  yield name;
  for (let n = 2; ; n++) {
    const end = `-${n}`;
    yield name.slice(0, maxNameChars - end.length) + end;
  }
}

/** Whether a name fits a pattern with at most one `*`. */
export function fitsPattern(name: string, pattern: string): boolean {
  const [start = "", end, ...more] = pattern.split("*");
  if (more.length > 0) return false;
  if (end === undefined) return name === start;
  return name.length >= start.length + end.length && name.startsWith(start) && name.endsWith(end);
}
