import { type Clock, isJsonObject, type Json, type JsonObject, systemClock } from "#core";
import { type LogLine, logRecent, type ServedMethod, serve } from "#fleet";

/** What is kept: enough to see what led to where a worker is, and little beside its other memory. */
const maxLines = 500;
const maxChars = 128 * 1024;
/** Of one line, and of its fields. */
const maxLineChars = 4 * 1024;

/** The last lines of a worker's log, of this start. */
export class RecentLog {
  readonly #clock: Pick<Clock, "now">;
  #kept: { readonly line: LogLine; readonly chars: number }[] = [];
  #chars = 0;
  #count = 0;

  constructor(clock: Pick<Clock, "now"> = systemClock) {
    this.#clock = clock;
  }

  get lines(): LogLine[] {
    return this.#kept.map(({ line }) => line);
  }

  /** @returns the line with its number and time, as it is told. Never throws. */
  keep(level: LogLine["level"], message: string, fields?: Readonly<Record<string, unknown>>): LogLine {
    const told = fields && jsonOf(fields);
    const line: LogLine = {
      ...{ n: ++this.#count, at: this.#clock.now(), level, message: message.slice(0, maxLineChars) },
      ...(told && { fields: told.value }),
    };
    const chars = line.message.length + (told?.chars ?? 0);
    this.#kept.push({ line, chars });
    this.#chars += chars;
    while (this.#kept.length > maxLines || this.#chars > maxChars) this.#chars -= this.#kept.shift()?.chars ?? 0;
    return line;
  }
}

/** `log.recent`. */
export function logMethods(recent: Pick<RecentLog, "lines">): ServedMethod[] {
  return [serve(logRecent, () => ({ lines: recent.lines }))];
}

/** As they are now: whoever logs may change them later. Too long ones are cut, and are a text then. */
function jsonOf(fields: Readonly<Record<string, unknown>>): { readonly value: JsonObject; readonly chars: number } {
  const text = textOf(fields);
  if (text.length > maxLineChars) return { value: { cut: text.slice(0, maxLineChars) }, chars: maxLineChars };
  const value = JSON.parse(text) as Json;
  return { value: isJsonObject(value) ? value : {}, chars: text.length };
}

function textOf(fields: Readonly<Record<string, unknown>>): string {
  try {
    return JSON.stringify(fields);
  } catch {
    // A circle, or a number that JSON has no word for: the line itself still says what happened.
    return "{}";
  }
}
