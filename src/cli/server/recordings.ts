import { setTimeout as sleep } from "node:timers/promises";
import { CliError } from "../errors.ts";
import { readableDuration, readableSize } from "../quantities.ts";
import type { Terminal } from "../terminal.ts";
import type { ApiClient } from "./api-client.ts";
import { apiPath, queryText } from "./api-path.ts";
import { plain, table, timeText } from "./config-text.ts";
import { allOf } from "./pages.ts";
import { SafeScreen } from "./safe-screen.ts";
import { numberOf, objectIn, type Shape, stringOf } from "./shapes.ts";

/** Print the recordings of a server, the newest first; with `live` those that go on. */
export async function listRecordings(
  api: ApiClient,
  { live, json }: { readonly live?: true; readonly json?: true },
  terminal: Terminal,
): Promise<void> {
  const all = await allOf(api, "/recordings", { live });
  if (json) return terminal.print(JSON.stringify(all));
  if (all.length === 0) return terminal.say(live ? "nothing is recorded now" : "no recordings");
  for (const line of recordingsTable(all, terminal)) terminal.print(line);
}

/** How a recording is shown. */
export interface PlayWish {
  /** Go on until it is over, as it happens; else at the pace it had. */
  readonly follow?: boolean;
  readonly speed?: number;
  /** Longer pauses are shortened to this, seconds. */
  readonly maxPause?: number;
}

/**
 * Show what a terminal has shown, in this one, and nothing that would speak to it.
 *
 * @throws {CliError} `ANSWER_INVALID`: it is of no terminal, or no recording.
 */
export async function playRecording(api: ApiClient, id: string, wish: PlayWish, terminal: Terminal): Promise<void> {
  const { follow = false, speed = 1, maxPause = 2 } = wish;
  const screen = new SafeScreen();
  let before = 0;
  try {
    for await (const line of linesOf(api, id, follow)) {
      if (!Array.isArray(line)) continue;
      const [at, kind, data] = line as unknown[];
      const time = numberOf(at) ?? before;
      if (!follow) await sleep((Math.max(0, Math.min(time - before, maxPause)) * 1_000) / speed);
      before = time;
      if (kind === "o") await terminal.write(Buffer.from(screen.take(stringOf(data) ?? "")));
      if (kind === "m") terminal.sayPart(`\r\n[${plain(data)}]\r\n`);
    }
  } finally {
    // Whatever it has left the terminal in.
    if (terminal.columns !== undefined) terminal.sayPart("\u001b[0m\u001b[?25h\u001b[?1049l\r\n");
  }
}

/** What it holds, as it comes: asciicast v2 of a terminal, JSON lines of a TCP stream. */
export async function exportRecording(api: ApiClient, id: string, follow: boolean, terminal: Terminal): Promise<void> {
  for await (const chunk of api.download(contentPath(id, follow))) await terminal.write(chunk);
}

async function* linesOf(api: ApiClient, id: string, follow: boolean): AsyncGenerator {
  const text = new TextDecoder();
  let rest = "";
  let isCast = false;
  for await (const chunk of api.download(contentPath(id, follow))) {
    const lines = (rest + text.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const value = parsed(line);
      isCast ||= objectIn(value)["version"] === 2;
      if (!isCast)
        throw new CliError("ANSWER_INVALID", `${id} is no recording of a terminal: farhand recordings export ${id}`);
      yield value;
    }
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new CliError("ANSWER_INVALID", "the server sends a recording that is none");
  }
}

function contentPath(id: string, follow: boolean): string {
  return apiPath`/recordings/${id}/content` + queryText({ follow: follow || undefined });
}

function recordingsTable(recordings: readonly Shape[], look: Parameters<typeof table>[2]): string[] {
  const rows = recordings.map((recording) => [
    plain(recording["id"]),
    timeText(recording["startedAt"]),
    stateText(recording),
    plain(objectIn(recording["user"])["name"]),
    plain(objectIn(recording["worker"])["name"]),
    `${plain(recording["kind"])}${recording["service"] === undefined ? "" : ` ${plain(recording["service"])}`}`,
    readableSize(numberOf(recording["size"]) ?? 0),
  ]);
  return table(["ID", "BEGAN", "STATE", "WHO", "ON", "WHAT", "SIZE"], rows, look);
}

function stateText({ state, durationMs, why }: Shape): string {
  if (state !== "whole") return plain(state);
  const ended = why === "over" ? "" : `, ${plain(why)}`;
  return `${readableDuration((numberOf(durationMs) ?? 0) / 1_000)}${ended}`;
}
