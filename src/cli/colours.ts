/** Marks for text on a terminal. Each gives the text back as it is where there are no colours. */
export interface Colours {
  good(text: string): string;
  bad(text: string): string;
  busy(text: string): string;
  faint(text: string): string;
  strong(text: string): string;
}

/** Colours on a terminal, none elsewhere, none when `NO_COLOR` is set, always when `FORCE_COLOR` is. */
export function coloursFor(isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): Colours {
  const wanted = env["FORCE_COLOR"] ? env["FORCE_COLOR"] !== "0" : isTerminal && env["TERM"] !== "dumb";
  return wanted && !env["NO_COLOR"] ? colours : noColours;
}

const mark = (code: number) => (text: string) => `\u001B[${code}m${text}\u001B[0m`;
const colours: Colours = { good: mark(32), bad: mark(31), busy: mark(33), faint: mark(2), strong: mark(1) };

const same = (text: string): string => text;
/** For output that is not for eyes. */
export const noColours: Colours = { good: same, bad: same, busy: same, faint: same, strong: same };
