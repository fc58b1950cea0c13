import { type Command, type JsonOptions, jsonOption } from "../command.ts";

interface BackupOptions extends JsonOptions {
  readonly dataDir?: string;
  readonly database?: string;
}

/** `farhand server backup`. */
export const serverBackup = {
  name: "server backup",
  summary: "Write a server's database and keys into one file",
  details:
    "The server may go on meanwhile: the backup is its state at one moment. Whoever has the file has the server, its keys included; it is made with mode 600.",
  arguments: [{ name: "FILE", description: "where to", completes: "file" }],
  options: [
    { flags: "--data-dir <folder>", description: "of the server", completes: "file" },
    { flags: "--database <file>", description: "file that holds its postgres:// URL", completes: "file" },
    jsonOption,
  ],
  examples: [["farhand server backup farm.backup", "of the server whose state is in the default folder"]],
  async run({ words: [file], options }, terminal) {
    const { backupServer } = await import("../server/backups.ts");
    await backupServer(String(file), options, terminal);
  },
} satisfies Command<BackupOptions>;
