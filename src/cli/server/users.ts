import type { UsersAddOptions } from "../commands/users-add.ts";
import type { UsersSetOptions } from "../commands/users-set.ts";
import { CliError } from "../errors.ts";
import type { Terminal } from "../terminal.ts";
import type { ApiClient } from "./api-client.ts";
import { apiPath } from "./api-path.ts";
import { labelsOf } from "./labels.ts";
import { newPassword } from "./login.ts";
import { allOf } from "./pages.ts";
import { sessionsTable, usersTable } from "./people-text.ts";
import { objectIn, type Shape, textIn } from "./shapes.ts";

type Json = true | undefined;

/** Print all users. */
export async function listUsers(api: ApiClient, json: Json, terminal: Terminal): Promise<void> {
  const users = await allOf(api, "/users");
  if (json) terminal.print(JSON.stringify(users));
  else for (const line of usersTable(users, terminal)) terminal.print(line);
}

/** The user of this name, or with this id. @throws {CliError} `USAGE` when there is none. */
export async function userNamed(api: ApiClient, name: string): Promise<Shape> {
  const wanted = name.normalize("NFKC").trim().toLowerCase();
  const user = (await allOf(api, "/users")).find((known) => known["name"] === wanted || known["id"] === name);
  if (user) return user;
  throw new CliError("USAGE", `there is no user ${name}`, { remedy: "`farhand users` lists them" });
}

/** Make a user, with a password that is asked for. */
export async function addUser(api: ApiClient, name: string, options: UsersAddOptions, terminal: Terminal) {
  const { role = "viewer", label, service, json } = options;
  const password = service ? null : await newPassword(options, terminal, `Password of ${name}`);
  const labels = label === undefined ? null : labelsOf(label);
  const user = objectIn(await api.ask("POST", "/users", { body: { name, password, role, labels } }));
  if (json) terminal.print(JSON.stringify(user));
  else terminal.say(`user ${name} was made as ${role}`);
}

/** Change what a user is. */
export async function changeUser(api: ApiClient, name: string, options: UsersSetOptions, terminal: Terminal) {
  const { role, label, everywhere, disable, enable, json } = options;
  if (disable && enable) throw new CliError("USAGE", "give one of --disable and --enable, not both");
  if (label && everywhere) throw new CliError("USAGE", "give one of --label and --everywhere, not both");
  const labels = label ? { labels: labelsOf(label) } : everywhere ? { labels: null } : {};
  const disabled = disable ? { disabled: true } : enable ? { disabled: false } : {};
  const body = { ...(role === undefined ? {} : { role }), ...labels, ...disabled };
  if (Object.keys(body).length === 0) throw new CliError("USAGE", "nothing says what shall change");
  const id = textIn(await userNamed(api, name), "id");
  const user = await api.ask("PATCH", apiPath`/users/${id}`, { body });
  if (json) terminal.print(JSON.stringify(user ?? { id, ...body }));
  else terminal.say(`user ${name} was changed`);
}

/** Remove a user. */
export async function removeUser(api: ApiClient, name: string, terminal: Terminal): Promise<void> {
  await api.ask("DELETE", apiPath`/users/${textIn(await userNamed(api, name), "id")}`);
  terminal.say(`user ${name} was removed`);
}

/** Give a user another password; their sessions end. */
export async function setPassword(
  api: ApiClient,
  name: string,
  options: { readonly passwordFile?: string },
  terminal: Terminal,
): Promise<void> {
  const id = textIn(await userNamed(api, name), "id");
  const password = await newPassword(options, terminal, `New password of ${name}`);
  await api.ask("POST", apiPath`/users/${id}/password`, { body: { password } });
  terminal.say(`${name} has another password, and must log in again`);
}

/** Take the second factor of a user away, for who lost the device. */
export async function resetFactor(api: ApiClient, name: string, terminal: Terminal): Promise<void> {
  const id = textIn(await userNamed(api, name), "id");
  await api.ask("DELETE", apiPath`/users/${id}/factor`);
  terminal.say(`${name} has no second factor any more`);
}

/** Print the sessions of a user, or end them all. */
export async function userSessions(
  api: ApiClient,
  name: string,
  { end, json }: { readonly end?: true; readonly json?: true },
  terminal: Terminal,
): Promise<void> {
  const id = textIn(await userNamed(api, name), "id");
  const path = apiPath`/users/${id}/sessions`;
  if (end) {
    await api.ask("DELETE", path);
    terminal.say(`all sessions of ${name} were ended`);
    return;
  }
  const sessions = await allOf(api, path);
  if (json) terminal.print(JSON.stringify(sessions));
  else if (sessions.length === 0) terminal.say(`${name} is logged in nowhere`);
  else for (const line of sessionsTable(sessions, api.now(), terminal)) terminal.print(line);
}
