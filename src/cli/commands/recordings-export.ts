import type { Command } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

interface RecordingsExportOptions extends ServerOptions {
  readonly follow?: true;
}

/** `farhand recordings export`. */
export const recordingsExport = {
  name: "recordings export",
  title: "Users, tokens and audit of a server",
  summary: "Print a recording: asciicast v2 of a terminal, JSON lines of a TCP stream",
  arguments: [{ name: "RECORDING", description: "its id, from `farhand recordings`" }],
  options: [{ flags: "--follow", description: "until it is over" }, serverOption],
  examples: [["farhand recordings export 0lp1x2abc0123456789ab > shell.cast", "for any player of such files"]],
  async run({ words: [id], options }, terminal) {
    const { exportRecording } = await import("../server/recordings.ts");
    const follow = options.follow === true;
    await withServer(options, terminal, (api) => exportRecording(api, id as string, follow, terminal));
  },
} satisfies Command<RecordingsExportOptions>;

export type { RecordingsExportOptions };
