import type { EnrolTokenOptions } from "../commands/enrol-token.ts";
import type { Terminal } from "../terminal.ts";
import type { ApiClient } from "./api-client.ts";
import { apiPath } from "./api-path.ts";
import { plain, timeText } from "./config-text.ts";
import { labelsOf, lifeOf } from "./labels.ts";
import { allOf } from "./pages.ts";
import { enrolmentsTable } from "./people-text.ts";
import { serverUrlText } from "./server-url.ts";
import { objectIn, textIn } from "./shapes.ts";

/** Make an enrolment token, and print the command a new worker joins with. */
export async function makeEnrolment(api: ApiClient, options: EnrolTokenOptions, terminal: Terminal): Promise<void> {
  const { name, label, life, cloneable, mayReplace, json } = options;
  const body = {
    ...(name === undefined ? {} : { name }),
    ...(label === undefined ? {} : { labels: labelsOf(label) }),
    ...(life === undefined ? {} : { lifeMs: lifeOf(life) }),
    ...(cloneable ? { cloneable } : {}),
    ...(mayReplace ? { mayReplace } : {}),
  };
  const answer = objectIn(await api.ask("POST", "/enrolments", { body }));
  const join = `farhand worker join ${serverUrlText(api.url)} --token ${textIn(answer, "token")}`;
  if (json) return terminal.print(JSON.stringify({ ...answer, join }));
  const { id, expiresAt } = objectIn(answer["enrolment"]);
  terminal.print(join);
  if (isLoopback(api.url)) terminal.say(onlyHere);
  terminal.say(`${plain(id)}, for ${cloneable ? "any number of workers" : "one worker"}, until ${timeText(expiresAt)}`);
}

const onlyHere =
  "this address is good on this machine only: for others let the server listen where they reach it (--listen, --public-url)";

function isLoopback({ hostname }: URL): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

/** Print the enrolments, used and expired ones too. */
export async function listEnrolments(api: ApiClient, json: true | undefined, terminal: Terminal): Promise<void> {
  const enrolments = await allOf(api, "/enrolments");
  if (json) terminal.print(JSON.stringify(enrolments));
  else for (const line of enrolmentsTable(enrolments, api.now(), terminal)) terminal.print(line);
}

/** Make enrolment tokens worth nothing. */
export async function revokeEnrolments(api: ApiClient, ids: readonly string[], terminal: Terminal): Promise<void> {
  for (const id of ids) {
    await api.ask("DELETE", apiPath`/enrolments/${id}`);
    terminal.say(`enrolment ${id} was revoked`);
  }
}
