import { CliError } from "../errors.ts";
import type { Terminal } from "../terminal.ts";
import type { ApiClient } from "./api-client.ts";
import { apiPath } from "./api-path.ts";
import { allOf } from "./pages.ts";
import { ServerProblem } from "./problem.ts";
import { numberOf, objectIn, type Shape, stringOf, textIn } from "./shapes.ts";
import { userNamed } from "./users.ts";

/** Whose requests are traced. */
export interface TracedSession {
  readonly name: string;
  /** Id, or how it begins. */
  readonly session: string;
}

/** `farhand users trace`: on the first time, what was seen from then on. */
export async function traceSession(
  api: ApiClient,
  { name, session }: TracedSession,
  { off, json }: { readonly off?: true; readonly json?: true },
  terminal: Terminal,
): Promise<void> {
  const user = textIn(await userNamed(api, name), "id");
  const path = apiPath`/users/${user}/sessions/${await sessionNamed(api, user, session)}/trace`;
  if (off) {
    await api.ask("DELETE", path);
    return terminal.say("the session is traced no more");
  }
  const trace = await traceAt(api, path);
  if (!trace) {
    const until = numberOf(objectIn(await api.ask("PUT", path))["until"]) ?? 0;
    terminal.say(`${name} is traced until ${new Date(until).toISOString()}; ask again once it was tried`);
  } else if (json) terminal.print(JSON.stringify(trace));
  else for (const line of linesOf(trace)) terminal.print(line);
}

async function traceAt(api: ApiClient, path: string): Promise<Shape | undefined> {
  try {
    return objectIn(await api.ask("GET", path));
  } catch (error) {
    if (error instanceof ServerProblem && error.code === "TRACE_OFF") return undefined;
    throw error;
  }
}

async function sessionNamed(api: ApiClient, user: string, wanted: string): Promise<string> {
  const ids = (await allOf(api, apiPath`/users/${user}/sessions`)).map((session) => textIn(session, "id"));
  const [found, ...more] = ids.filter((id) => id.startsWith(wanted));
  if (found !== undefined && more.length === 0) return found;
  throw new CliError("USAGE", `${found ? "more than one session begins" : "no session begins"} with ${wanted}`, {
    remedy: "`farhand users sessions NAME` lists them",
  });
}

function linesOf({ lines }: Shape): string[] {
  if (!Array.isArray(lines)) return [];
  return lines.map((each) => {
    const line = objectIn(each);
    const at = new Date(numberOf(line["at"]) ?? 0).toISOString();
    const verdict = `${textIn(line, "verdict")} ${stringOf(line["code"]) ?? ""}`.trim();
    const point = `${numberOf(line["step"])} ${textIn(line, "point")}`;
    return `${at}  ${point.padEnd(18)}  ${verdict.padEnd(30)}  ${stringOf(line["about"]) ?? ""}`.trimEnd();
  });
}
