import type { TokensOptions } from "../commands/tokens.ts";
import type { TokensMakeOptions } from "../commands/tokens-make.ts";
import { CliError } from "../errors.ts";
import type { Terminal } from "../terminal.ts";
import type { ApiClient } from "./api-client.ts";
import { apiPath } from "./api-path.ts";
import { type Keyboard, openKeyboard } from "./keyboard.ts";
import { lifeOf } from "./labels.ts";
import { newPassword } from "./login.ts";
import { allOf } from "./pages.ts";
import { sessionsTable, tokensTable } from "./people-text.ts";
import { ServerProblem } from "./problem.ts";
import { secretIn } from "./secret-file.ts";
import type { SavedServer } from "./servers-file.ts";
import { objectIn, type Shape, textIn } from "./shapes.ts";
import { keepToken } from "./step-up.ts";
import { userNamed } from "./users.ts";

type Json = true | undefined;

/** Print our own sessions. */
export async function listSessions(api: ApiClient, json: Json, terminal: Terminal): Promise<void> {
  const sessions = await allOf(api, "/me/sessions");
  if (json) terminal.print(JSON.stringify(sessions));
  else for (const line of sessionsTable(sessions, api.now(), terminal)) terminal.print(line);
}

/** Which sessions are to end. */
interface SessionsWish {
  readonly ids: readonly string[];
  readonly others: boolean;
  readonly user: string | undefined;
}

/** End sessions: those named, of ours or of a user; or all of ours but this one. */
export async function endSessions(
  api: ApiClient,
  { ids, others, user }: SessionsWish,
  terminal: Terminal,
): Promise<void> {
  if (others === ids.length > 0) {
    throw new CliError("USAGE", "nothing, or two things, say which sessions", { remedy: "ids, or --others" });
  }
  if (others && user !== undefined)
    throw new CliError("USAGE", "--others is for our own sessions", { remedy: "farhand users sessions NAME --end" });
  const whose = user === undefined ? "/me" : apiPath`/users/${textIn(await userNamed(api, user), "id")}`;
  if (others) await api.ask("DELETE", "/me/sessions");
  for (const id of ids) await api.ask("DELETE", `${whose}${apiPath`/sessions/${id}`}`);
  terminal.say(others ? "all other sessions were ended" : `${ids.length} ended`);
}

/** Change our own password; our other sessions end. */
export async function changePassword(
  api: ApiClient,
  options: { readonly currentFile?: string; readonly passwordFile?: string },
  terminal: Terminal,
): Promise<void> {
  const current = options.currentFile
    ? await secretIn(options.currentFile, terminal)
    : await openKeyboard(terminal, "--current-file FILE holds the current password").askSecretly("Current password: ");
  const password = await newPassword(options, terminal);
  await api.ask("POST", "/me/password", { body: { current, password } });
  terminal.say("your password was changed, and your other sessions were ended");
}

/** Set up a second factor: show the secret, ask for a code of it, and print the recovery codes. */
export async function enableTotp(api: ApiClient, saved: SavedServer, json: Json, terminal: Terminal): Promise<void> {
  const keyboard = openKeyboard(terminal, "a person must copy the secret and type a code of it");
  const { secret, uri } = await totpSecret(api, keyboard);
  terminal.say("Enter this in your authenticator app:");
  terminal.say(`  secret  ${String(secret)}`);
  terminal.say(`  address ${String(uri)}`);
  const code = await keyboard.ask("Code it shows: ");
  const confirmed = objectIn(await api.ask("POST", "/me/totp/confirm", { body: { code: code.trim() } }));
  await keepToken(saved.name, confirmed, terminal);
  const { recoveryCodes } = confirmed;
  const codes = Array.isArray(recoveryCodes) ? recoveryCodes.map(String) : [];
  terminal.say("The second factor is set up. Each of these codes stands in for it once; they are shown only now:");
  if (json) terminal.print(JSON.stringify({ recoveryCodes: codes }));
  else for (const line of codes) terminal.print(line);
}

/** When the login is not of the last minutes, the password is asked for. */
async function totpSecret(api: ApiClient, keyboard: Keyboard): Promise<Shape> {
  try {
    return objectIn(await api.ask("POST", "/me/totp"));
  } catch (error) {
    if (!(error instanceof ServerProblem) || error.code !== "PASSWORD_NEEDED") throw error;
    const password = await keyboard.askSecretly("Your login is older than ten minutes. Password: ");
    return objectIn(await api.ask("POST", "/me/totp", { body: { password } }));
  }
}

/** Give the second factor up, by a code of it. */
export async function disableTotp(
  api: ApiClient,
  { codeFile }: { readonly codeFile?: string },
  terminal: Terminal,
): Promise<void> {
  const code = codeFile
    ? await secretIn(codeFile, terminal)
    : await openKeyboard(terminal, "--code-file FILE holds the code").askSecretly("Code of your second factor: ");
  await api.ask("DELETE", "/me/totp", { body: { code: code.trim() } });
  terminal.say("you have no second factor any more; all your sessions were ended: log in again");
}

/** Print our API tokens. */
export async function listTokens(api: ApiClient, { user, json }: TokensOptions, terminal: Terminal): Promise<void> {
  const tokens = await allOf(api, await tokensPath(api, user));
  if (json) terminal.print(JSON.stringify(tokens));
  else for (const line of tokensTable(tokens, terminal)) terminal.print(line);
}

/** Make an API token and print it, this once. */
export async function makeToken(api: ApiClient, name: string, options: TokensMakeOptions, terminal: Terminal) {
  const { scope = [], life, user, json } = options;
  const expiresAt = life === undefined ? null : api.now() + lifeOf(life);
  const answer = objectIn(
    await api.ask("POST", await tokensPath(api, user), { body: { name, scopes: scope, expiresAt } }),
  );
  if (json) return terminal.print(JSON.stringify(answer));
  terminal.print(textIn(answer, "token"));
  terminal.say("it is shown only now; programs give it in the environment variable FARHAND_TOKEN");
}

/** Revoke API tokens, ours or those of a user. */
export async function revokeTokens(
  api: ApiClient,
  ids: readonly string[],
  user: string | undefined,
  terminal: Terminal,
): Promise<void> {
  const path = await tokensPath(api, user);
  for (const id of ids) {
    await api.ask("DELETE", `${path}${apiPath`/${id}`}`);
    terminal.say(`token ${id} was revoked`);
  }
}

/** Where tokens are: ours, or those of a user by name. */
async function tokensPath(api: ApiClient, user: string | undefined): Promise<string> {
  return user === undefined ? "/me/tokens" : apiPath`/users/${textIn(await userNamed(api, user), "id")}/tokens`;
}
