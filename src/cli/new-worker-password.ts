import { CliError } from "./errors.ts";
import { readText } from "./files.ts";
import { openKeyboard } from "./server/keyboard.ts";
import type { Terminal } from "./terminal.ts";

/** A new password: the text of a file, or typed twice. @throws {CliError} `USAGE`, `NO_KEYBOARD`, `FILE_UNREADABLE`. */
export async function newPassword(file: string | undefined, terminal: Terminal): Promise<string> {
  if (file !== undefined) return (await readText(file)).replace(/\r?\n$/, "");
  const keyboard = openKeyboard(terminal, "--new-password-file FILE");
  const password = await keyboard.askSecretly("New service password: ");
  if ((await keyboard.askSecretly("Once more: ")) === password) return password;
  throw new CliError("USAGE", "the two passwords differ; nothing was changed");
}
