import { CliError } from "../errors.ts";
import { oneLine, readableTime } from "../quantities.ts";
import type { Terminal } from "../terminal.ts";
import type { LoginOptions } from "../commands/login.ts";
import { ApiClient } from "./api-client.ts";
import { meetServer } from "./first-contact.ts";
import { hasKeyboard, type Keyboard, openKeyboard } from "./keyboard.ts";
import { secretIn } from "./secret-file.ts";
import { changeServers, type SavedServer, type SavedServers, serversPath } from "./servers-file.ts";
import { numberOf, objectIn, type Shape, stringOf, textIn } from "./shapes.ts";
import { parseServerUrl, serverUrlText } from "./server-url.ts";

const maxCodes = 3;

/** Log in to a server, and keep the session's token. */
export async function login(address: string, options: LoginOptions, terminal: Terminal): Promise<void> {
  const url = parseServerUrl(address);
  const trust = await meetServer(url, options, terminal);
  const keyboard = lazyKeyboard(terminal);
  const api = new ApiClient({ url, trust });
  try {
    const name = options.user ?? (await keyboard("--user NAME says who you are").ask("User: "));
    const session = await opened(api, name, options, { terminal, keyboard });
    const saved: SavedServer = {
      name: options.name ?? url.host,
      url: serverUrlText(url),
      user: userIn(session) ?? name,
      token: textIn(session, "token"),
      expiresAt: numberOf(session["expiresAt"]) ?? 0,
      trust,
    };
    await changeServers(serversPath(terminal.env), (old) => withServer(old, saved));
    tell(saved, session, options, terminal);
  } finally {
    api.close();
  }
}

type AskFor = (remedy: string) => Keyboard;

/** One for all questions, opened at the first: whoever gives everything by files needs none. */
function lazyKeyboard(terminal: Terminal): AskFor {
  let opened: Keyboard | undefined;
  return (remedy) => (opened ??= openKeyboard(terminal, remedy));
}

interface Asked {
  readonly terminal: Terminal;
  readonly keyboard: AskFor;
}

async function opened(api: ApiClient, user: string, options: LoginOptions, asked: Asked): Promise<Shape> {
  const { passwordFile } = options;
  const password = passwordFile
    ? await secretIn(passwordFile, asked.terminal)
    : await asked.keyboard("--password-file FILE holds the password").askSecretly("Password: ");
  const answer = objectIn(await api.ask("POST", "/login", { body: { user, password } }));
  const ticket = stringOf(answer["ticket"]);
  return ticket === undefined ? answer : await withCode(api, ticket, options, asked);
}

async function withCode(
  api: ApiClient,
  ticket: string,
  { codeFile }: LoginOptions,
  { terminal, keyboard }: Asked,
): Promise<Shape> {
  for (let attempt = 1; ; attempt++) {
    const code = codeFile
      ? await secretIn(codeFile, terminal)
      : await keyboard("--code-file FILE holds the code").askSecretly("Code of your second factor: ");
    try {
      return objectIn(await api.ask("POST", "/login/factor", { body: { ticket, code: code.trim() } }));
    } catch (error) {
      const canRetry = codeFile === undefined && attempt < maxCodes && hasKeyboard(terminal);
      if (!canRetry || (error as { code?: unknown }).code !== "FACTOR_REFUSED") throw error;
      terminal.say("the code is wrong, or has been used");
    }
  }
}

function withServer({ servers }: SavedServers, saved: SavedServer): SavedServers {
  return { chosen: saved.name, servers: [...servers.filter(({ name }) => name !== saved.name), saved] };
}

function userIn(session: Shape): string | undefined {
  const { user } = session;
  return typeof user === "object" && user !== null ? stringOf((user as Shape)["name"]) : stringOf(user);
}

function tell(saved: SavedServer, session: Shape, { json }: LoginOptions, terminal: Terminal): void {
  const { name, url, user, expiresAt } = saved;
  if (json) terminal.print(JSON.stringify({ server: name, url, user, expiresAt }));
  else
    terminal.say(`logged in to ${name} as ${oneLine(user)}, until ${readableTime(new Date(expiresAt).toISOString())}`);
  if (session["mustEnrol"] === true) {
    terminal.say(
      "your role needs a second factor: `farhand totp enable` sets one up, and until then nothing else works",
    );
  }
}

/** Forget a login here, and end its session there as far as the server can be reached. */
export async function logout(saved: SavedServer, terminal: Terminal): Promise<void> {
  const api = new ApiClient({ url: parseServerUrl(saved.url), trust: saved.trust, token: saved.token });
  try {
    await api.ask("POST", "/logout");
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const isOver = "code" in error && error.code === "CREDENTIAL_INVALID";
    if (!isOver) terminal.say(`the session could not be ended on the server: ${error.message}`);
  } finally {
    api.close();
  }
  await changeServers(serversPath(terminal.env), ({ chosen, servers }) => {
    const left = servers.filter(({ name }) => name !== saved.name);
    return { chosen: chosen === saved.name ? left.at(-1)?.name : chosen, servers: left };
  });
}

/** @throws {CliError} `USAGE` when two answers to one question differ. */
export async function newPassword(
  { passwordFile }: { readonly passwordFile?: string },
  terminal: Terminal,
  whose = "New password",
): Promise<string> {
  if (passwordFile) return await secretIn(passwordFile, terminal);
  const keyboard = openKeyboard(terminal, "--password-file FILE holds the new password");
  const first = await keyboard.askSecretly(`${whose}: `);
  if (first === (await keyboard.askSecretly("The same again: "))) return first;
  throw new CliError("USAGE", "the two passwords differ", { remedy: "again" });
}
