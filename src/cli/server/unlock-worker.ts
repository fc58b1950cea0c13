import type { Terminal } from "../terminal.ts";
import type { ApiClient } from "./api-client.ts";
import { apiPath } from "./api-path.ts";
import { openKeyboard } from "./keyboard.ts";
import { secretIn } from "./secret-file.ts";

/** Show a worker a code of its own second factor (CAT-70). The server passes it on and cannot make one. */
export async function unlockWorker(
  api: ApiClient,
  name: string,
  codeFile: string | undefined,
  terminal: Terminal,
): Promise<void> {
  const code = codeFile
    ? await secretIn(codeFile, terminal)
    : await openKeyboard(terminal, "--code-file FILE holds the code").askSecretly(`Code of the worker ${name}: `);
  const body = { method: "factor.show", params: { code: code.trim() } };
  await api.ask("POST", apiPath`/workers/${name}/rpc`, { body });
  terminal.say(`${name} may be configured in this login for five minutes`);
}
