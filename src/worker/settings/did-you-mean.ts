/** The name most like `word`, when one is so near that a slip of the finger explains it. */
function closest(word: string, names: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase().slice(0, 60);
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const name of names) {
    const found = distance(wanted, name.toLowerCase());
    if (found < bestDistance) [best, bestDistance] = [name, found];
  }
  return best;
}

/** `did you mean …?`, or undefined when nothing is near. */
export function didYouMean(word: string, names: Iterable<string>): string | undefined {
  const name = closest(word, names);
  return name === undefined ? undefined : `did you mean ${name}?`;
}

/** Letters to insert, remove or replace to make one word the other. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
