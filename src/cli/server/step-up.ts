import type { Terminal } from "../terminal.ts";
import type { ApiClient } from "./api-client.ts";
import { hasKeyboard, openKeyboard } from "./keyboard.ts";
import { changeServers, type SavedServer, serversPath } from "./servers-file.ts";
import { numberOf, objectIn, type Shape, stringOf } from "./shapes.ts";

/**
 * Show the second factor once more, for what needs it of late (CAT-68).
 *
 * @returns the token the session has from now on; undefined where there is nobody to ask.
 */
export async function stepUpWith(api: ApiClient, saved: SavedServer, terminal: Terminal): Promise<string | undefined> {
  if (!hasKeyboard(terminal)) return undefined;
  const code = await openKeyboard(terminal, "").askSecretly("This needs a code of your second factor: ");
  const answer = objectIn(await api.ask("POST", "/login/step-up", { body: { code: code.trim() } }));
  return await keepToken(saved.name, answer, terminal);
}

/** Keep the token an answer gives our session in place of the old one, which is worth nothing any more. */
export async function keepToken(name: string, answer: Shape, { env }: Terminal): Promise<string | undefined> {
  const token = stringOf(answer["token"]);
  if (token === undefined) return undefined;
  const expiresAt = numberOf(answer["expiresAt"]);
  await changeServers(serversPath(env), ({ chosen, servers }) => ({
    chosen,
    servers: servers.map((server) =>
      server.name === name ? { ...server, token, expiresAt: expiresAt ?? server.expiresAt } : server,
    ),
  }));
  return token;
}
