import { oneLine } from "../quantities.ts";
import type { Terminal } from "../terminal.ts";
import { timeText } from "./config-text.ts";
import { listed, numberOf, type Shape, stringOf } from "./shapes.ts";

const whenText: Readonly<Record<string, string>> = {
  drain: "takes effect when it starts anew after its units",
  restart: "takes effect at its next start",
};

/** What became of an edit of a worker's own configuration: warnings, what waits, and whether it must be confirmed (CAT-75). */
export function tellWorkerWritten(worker: string, written: Shape, json: true | undefined, terminal: Terminal): void {
  if (json) return terminal.print(JSON.stringify(written));
  const name = oneLine(worker);
  for (const { path, reason } of listed(written["warnings"]))
    terminal.say(`warning: ${textOf(path)}: ${textOf(reason)}`);
  const pending = listed(written["pending"]).filter(({ applies }) => applies !== "live");
  for (const { path, applies } of pending) terminal.say(`${textOf(path)} ${whenText[textOf(applies)] ?? "waits"}`);
  terminal.say(`version ${String(numberOf(written["version"]))} is written on ${name}`);
  const until = numberOf(written["confirmBefore"]);
  if (until === undefined) {
    if (pending.length > 0) terminal.say(`\`farhand workers restart ${name}\` starts it anew`);
    return;
  }
  const how = pending.length > 0 ? `\`farhand workers restart ${name}\`, then ` : "";
  terminal.say(
    `it changes how ${name} is reached, and returns by itself unless you confirm it before ${timeText(until)}: ` +
      `${how}\`farhand config confirm ${name}\``,
  );
}

function textOf(value: unknown): string {
  return oneLine(stringOf(value) ?? "");
}
