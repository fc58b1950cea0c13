import { once } from "node:events";
import type { ReadStream } from "node:tty";
import { type Colours, coloursFor } from "./colours.ts";

/** What a command has to do with: its streams and environment. Tests hand in their own. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: AsyncIterable<Uint8Array> & { readonly isTTY?: boolean };
  /** Columns of the terminal behind stdout; undefined where output is not for eyes. */
  readonly columns: number | undefined;
  /** Colours of stdout; plain text where it is no terminal. */
  readonly colours: Colours;
  /** One or more lines on stdout. */
  print(text: string): void;
  /** Raw bytes on stdout, waiting while its reader is slow. */
  write(chunk: Uint8Array): Promise<void>;
  /** A line on stderr: progress and prose, never output. */
  say(text: string): void;
  /** Text on stderr as it stands, without a line end: a question, or what somebody types. */
  sayPart(text: string): void;
  /** From now on stdout is a log: a program that runs on must not end because nobody takes its lines. */
  outliveOutput(): void;
  /** Done before the program ends because the reader of stdout has gone away; a second one takes the place of the first. */
  readonly whenUnread?: ((act: () => Promise<void>) => void) | undefined;
}

/** Longest wait for what is to be done then, milliseconds. */
const unreadMs = 5_000;

/** The terminal of this process. A reader of stdout that goes away ends the program quietly, as it does `cat`. */
export function processTerminal(): Terminal & { close(): void } {
  const { stdout, stderr, env } = process;
  let stdin: ReadStream | undefined;
  let unread: (() => Promise<void>) | undefined;
  let isEnding = false;
  const endOfOutput = (error: NodeJS.ErrnoException): void => {
    if (error.code !== "EPIPE" || !unread) return endAtOnce(error);
    if (isEnding) return;
    isEnding = true;
    setTimeout(endAtOnce, unreadMs, error).unref();
    void unread().then(
      () => endAtOnce(error),
      () => endAtOnce(error),
    );
  };
  stdout.on("error", endOfOutput);
  stderr.on("error", () => {});
  const drained = async (): Promise<void> => {
    try {
      await once(stdout, "drain");
    } catch (error) {
      // The program is ending by itself: whoever writes must not end it in another way meanwhile.
      if (isEnding) await new Promise<never>(() => {});
      throw error;
    }
  };
  return {
    env,
    get stdin() {
      stdin ??= process.stdin;
      return stdin;
    },
    columns: stdout.isTTY ? stdout.columns || undefined : undefined,
    colours: coloursFor(stdout.isTTY, env),
    print: (text) => void stdout.write(`${text}\n`),
    write: async (chunk) => {
      if (!stdout.write(chunk)) await drained();
    },
    say: (text) => void stderr.write(`${text}\n`),
    sayPart: (text) => void stderr.write(text),
    outliveOutput() {
      stdout.on("error", () => {});
      stdout.off("error", endOfOutput);
    },
    whenUnread: (act) => void (unread = act),
    // An unread pipe would keep the program alive after it has said all it has to say.
    close: () => void stdin?.destroy(),
  };
}

/** 141 is how a shell shows a program that SIGPIPE ended; 13 is `OUTPUT_FAILED`. */
function endAtOnce(error: NodeJS.ErrnoException): never {
  if (error.code === "EPIPE") process.exit(141);
  process.stderr.write(`farhand: standard output cannot be written: ${error.message}\n`);
  process.exit(13);
}
