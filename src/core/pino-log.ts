import pino from "pino";
import type { Log, LogFormat, LogLevel } from "./log.ts";

/** Values under these names never reach a log. */
const secrets = ["token", "password", "secret", "signature", "authorization"];

/**
 * A log on standard output. The only file that knows pino.
 *
 * Lines are written at once: what a daemon says just before it is killed is what one wants to read. An output that takes
 * no more (a full disk, a reader that went away) costs lines, never the daemon; they are counted, and the count is told
 * once it takes lines again.
 */
export async function openLog(
  level: LogLevel,
  format: LogFormat,
  output: NodeJS.WritableStream = process.stdout,
): Promise<Log> {
  const shape = await shapeOf(format, output);
  const sink = lossySink(output, shape, (lost) => logger.error(`${lost} lines of this log could not be written`));
  const logger = pino(
    {
      level: level === "warning" ? "warn" : level,
      redact: secrets,
      base: null,
      formatters: { level: (label) => ({ level: label === "warn" ? "warning" : label }) },
    },
    sink,
  );
  return {
    debug: (message, fields) => logger.debug(plain(fields), message),
    info: (message, fields) => logger.info(plain(fields), message),
    warn: (message, fields) => logger.warn(plain(fields), message),
    error: (message, fields) => logger.error(plain(fields), message),
  };
}

type Shape = (json: string) => string;

/** @param told says how many lines were lost, by writing a line itself; a count that is lost too is told later. */
function lossySink(output: NodeJS.WritableStream, shape: Shape, told: (lost: number) => void) {
  let lost = 0;
  let telling = 0;
  output.on("error", () => {});
  const written = (count: number, error?: Error | null): void => {
    if (error) lost += count;
    else if (lost > 0) {
      telling = lost;
      lost = 0;
      told(telling);
      telling = 0;
    }
  };
  return {
    write(line: string): void {
      // The line that tells stands for those it counts.
      const count = telling > 0 ? telling : 1;
      try {
        output.write(shape(line), (error) => written(count, error));
      } catch {
        lost += count;
      }
    },
  };
}

async function shapeOf(format: LogFormat, output: NodeJS.WritableStream): Promise<Shape> {
  if (format === "json") return (line) => line;
  if (format === "receptor") return receptorLine;
  // Loaded by those who ask for it: it would cost every start some 10 ms.
  const { default: pretty } = await import("pino-pretty");
  const prettify = pretty.prettyFactory({
    colorize: "isTTY" in output && output.isTTY === true,
    translateTime: "SYS:HH:MM:ss",
    customLevels: "error:50,warning:40,info:30,debug:20",
    customColors: "error:red,warning:yellow,info:green,debug:blue",
  });
  return (line) => {
    const made: unknown = JSON.parse(line, (_name, value: unknown) =>
      typeof value === "string" ? visible(value) : value,
    );
    return prettify(JSON.stringify(made)) ?? line;
  };
}

/**
 * Control characters as escapes: what another node calls itself must not move the cursor of whoever reads the log, nor
 * look like a line of ours.
 */
function visible(text: string): string {
  return text
    .replaceAll("\n", "\\n")
    .replaceAll(/\p{Cc}/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** Errors in fields become their text: a log line is for people, and stacks are for `error` alone. */
function plain(fields: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? value.message : value]),
  );
}

/** One of pino's JSON lines as Receptor would print it, fields behind the message. */
export function receptorLine(json: string): string {
  const { level, time, msg, ...fields } = JSON.parse(json) as { level: string; time: number; msg: string };
  const rest = Object.keys(fields).length > 0 ? ` ${JSON.stringify(fields)}` : "";
  return `${level.toUpperCase()} ${localTime(new Date(time))} ${visible(msg + rest)}\n`;
}

function localTime(at: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("/");
  return `${day} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":")}`;
}
