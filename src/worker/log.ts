import pino from "pino";
import type { Log } from "#core";

/** Receptor's names of levels; `warning` is pino's `warn`. */
export type LogLevel = "error" | "warning" | "info" | "debug";
/** `receptor` writes `LEVEL yyyy/mm/dd hh:mm:ss message` in local time (spec §5.3). */
export type LogFormat = "receptor" | "json" | "pretty";

/** Values under these names never reach a log. */
const secrets = ["token", "password", "secret", "signature", "authorization"];

/**
 * A log on standard output. The only file that knows pino.
 *
 * Lines are written at once: what a daemon says just before it is killed is what one wants to read.
 */
export async function openLog(
  level: LogLevel,
  format: LogFormat,
  output: NodeJS.WritableStream = process.stdout,
): Promise<Log> {
  const sink = await destination(format, output);
  const logger = pino({ level: level === "warning" ? "warn" : level, redact: secrets, base: null }, sink);
  return {
    debug: (message, fields) => logger.debug(plain(fields), message),
    info: (message, fields) => logger.info(plain(fields), message),
    warn: (message, fields) => logger.warn(plain(fields), message),
    error: (message, fields) => logger.error(plain(fields), message),
  };
}

async function destination(format: LogFormat, output: NodeJS.WritableStream): Promise<{ write(line: string): void }> {
  if (format === "json") return { write: (line) => output.write(line) };
  if (format === "receptor") return { write: (line) => output.write(receptorLine(line)) };
  // Loaded by those who ask for it: it would cost every start some 10 ms.
  const { default: pretty } = await import("pino-pretty");
  const prettify = pretty.prettyFactory({
    colorize: "isTTY" in output && output.isTTY === true,
    translateTime: "SYS:HH:MM:ss",
  });
  return { write: (line) => output.write(prettify(line) ?? line) };
}

/** Errors in fields become their text: a log line is for people, and stacks are for `error` alone. */
function plain(fields: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? value.message : value]),
  );
}

const levelNames: Record<number, string> = { 20: "DEBUG", 30: "INFO", 40: "WARNING", 50: "ERROR" };

/** One of pino's JSON lines as Receptor would print it, fields behind the message. */
export function receptorLine(json: string): string {
  const { level, time, msg, ...fields } = JSON.parse(json) as { level: number; time: number; msg: string };
  const rest = Object.keys(fields).length > 0 ? ` ${JSON.stringify(fields)}` : "";
  return `${levelNames[level] ?? "INFO"} ${localTime(new Date(time))} ${msg.replaceAll("\n", "\\n")}${rest}\n`;
}

function localTime(at: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("/");
  return `${day} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":")}`;
}
