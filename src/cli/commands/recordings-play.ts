import type { Command } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";
import { positiveNumber } from "../server/positive-number.ts";

interface RecordingsPlayOptions extends ServerOptions {
  readonly follow?: true;
  readonly speed?: string;
  readonly maxPause?: string;
}

/** `farhand recordings play`. */
export const recordingsPlay = {
  name: "recordings play",
  title: "Users, tokens and audit of a server",
  summary: "Show in this terminal what a recorded one has shown",
  details:
    "What would speak to this terminal (its clipboard, its title, questions that it answers by typing) is left out. Who " +
    "looks at a recording stands in the audit.",
  arguments: [{ name: "RECORDING", description: "its id, from `farhand recordings`" }],
  options: [
    { flags: "--follow", description: "what there is at once, and then as it happens, until it is over" },
    { flags: "--speed <times>", description: "so many times as fast; 1 when not given" },
    { flags: "--max-pause <seconds>", description: "shorten pauses to this; 2 when not given" },
    serverOption,
  ],
  examples: [
    ["farhand recordings play 0lp1x2abc0123456789ab --speed 4", "from the start"],
    ["farhand recordings play 0lp1x2abc0123456789ab --follow", "look over a shoulder"],
  ],
  async run({ words: [id], options }, terminal) {
    const { playRecording } = await import("../server/recordings.ts");
    const wish = {
      follow: options.follow === true,
      speed: positiveNumber("--speed", options.speed, 1),
      maxPause: positiveNumber("--max-pause", options.maxPause, 2),
    };
    await withServer(options, terminal, (api) => playRecording(api, id as string, wish, terminal));
  },
} satisfies Command<RecordingsPlayOptions>;

export type { RecordingsPlayOptions };
