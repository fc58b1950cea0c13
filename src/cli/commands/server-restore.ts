import { type Command, type JsonOptions, jsonOption } from "../command.ts";

interface RestoreOptions extends JsonOptions {
  readonly dataDir?: string;
  readonly database?: string;
}

/** `farhand server restore`. */
export const serverRestore = {
  name: "server restore",
  summary: "Put a backup back, into an empty database and a folder without keys",
  details: "The database may be of the other kind: a backup of the embedded one moves a server to PostgreSQL.",
  arguments: [{ name: "FILE", description: "made by `farhand server backup`", completes: "file" }],
  options: [
    { flags: "--data-dir <folder>", description: "of the server that is to be", completes: "file" },
    { flags: "--database <file>", description: "file that holds its postgres:// URL", completes: "file" },
    jsonOption,
  ],
  examples: [["farhand server restore farm.backup --data-dir /srv/farhand", "to a new place"]],
  async run({ words: [file], options }, terminal) {
    const { restoreServer } = await import("../server/backups.ts");
    await restoreServer(String(file), options, terminal);
  },
} satisfies Command<RestoreOptions>;
