/**
 * Whether a file's name fits a pattern: `*` is any text, `?` one character, everything else itself. Hidden names are names
 * like others.
 *
 * Takes at most as many steps as name times pattern is long, whatever is in them.
 */
export function fitsPattern(name: string, pattern: string): boolean {
  // By characters, so that `?` is also one beyond the basic plane.
  return fits(Array.from(name), Array.from(pattern));
}

function fits(name: readonly string[], pattern: readonly string[]): boolean {
  let at = 0;
  let next = 0;
  let afterStar = -1;
  let starAt = 0;
  while (at < name.length) {
    if (pattern[next] === "*") {
      afterStar = ++next;
      starAt = at;
    } else if (pattern[next] === "?" || pattern[next] === name[at]) {
      at++;
      next++;
    } else if (afterStar >= 0) {
      // Only the last star has to take one more: an earlier one that took more would leave this one less to choose from.
      at = ++starAt;
      next = afterStar;
    } else return false;
  }
  return pattern.slice(next).every((rest) => rest === "*");
}

/** Own names for what is on its way out of a folder. */
export const ownPrefix = ".farhand-";

/** Which names count for a watcher. */
export function wantedNames(include: readonly string[], exclude: readonly string[]): (name: string) => boolean {
  return (name) =>
    !name.startsWith(ownPrefix) &&
    include.some((pattern) => fitsPattern(name, pattern)) &&
    !exclude.some((pattern) => fitsPattern(name, pattern));
}
