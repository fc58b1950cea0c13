import { splitParams } from "#work";

/** What a template may name. */
export interface FileWords {
  /** The whole path. */
  readonly path: string;
  /** The last part of it. */
  readonly name: string;
  /** The path below the watched folder. */
  readonly file: string;
  readonly watcher: string;
}

const placeholder = /\{([a-z]+)\}/g;
const known: ReadonlySet<string> = new Set<keyof FileWords>(["path", "name", "file", "watcher"]);

/**
 * The params of a unit: the template's words with the file's in their places. Split before anything is put in, so that a name
 * stays within its word whatever is in it: a blank, a quote, a line break.
 *
 * @throws {WorkError} PARAMS_REFUSED for a template that cannot be split.
 */
export function paramsOf(template: string, words: FileWords): string {
  const filled = splitParams(template).map((word) =>
    word.replaceAll(placeholder, (all, name: string) => (isKnown(name) ? words[name] : all)),
  );
  return filled.map(quoted).join(" ");
}

/** What is wrong with a template, or undefined. */
export function templateFault(template: string): string | undefined {
  let words: string[];
  try {
    words = splitParams(template);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const unknown = words.flatMap((word) => [...word.matchAll(placeholder)]).find(([, name]) => !isKnown(name ?? ""));
  if (unknown) return `there is no ${unknown[0]}: a template may name {path}, {name}, {file} and {watcher}`;
  const behind = words.indexOf("--");
  const open = words.find((word, n) => /^\{(name|file)\}/.test(word) && (behind < 0 || n < behind));
  return (
    open &&
    `the word ${open} may begin with "-" when a file's name does, and be taken for an option: use {path}, or write -- before it`
  );
}

function isKnown(name: string): name is keyof FileWords {
  return known.has(name);
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
