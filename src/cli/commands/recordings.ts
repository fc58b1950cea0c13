import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

interface RecordingsOptions extends ServerOptions, JsonOptions {
  readonly live?: true;
}

/** `farhand recordings`. */
export const recordings = {
  name: "recordings",
  title: "Users, tokens and audit of a server",
  summary: "List what was recorded of terminals and TCP streams",
  details: "The newest first, for those who may read the audit. The server's policy says what is recorded.",
  options: [{ flags: "--live", description: "only those that go on" }, jsonOption, serverOption],
  examples: [["farhand recordings --live", "who has a shell open now"]],
  async run({ options }, terminal) {
    const { listRecordings } = await import("../server/recordings.ts");
    await withServer(options, terminal, (api) => listRecordings(api, options, terminal));
  },
} satisfies Command<RecordingsOptions>;

export type { RecordingsOptions };
