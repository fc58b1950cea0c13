import type { CommandOption } from "../command.ts";
import type { Terminal } from "../terminal.ts";
import type { ApiClient } from "./api-client.ts";
import type { SavedServer, SavedServers } from "./servers-file.ts";

/** The option of every command that asks a server. */
export const serverOption: CommandOption = {
  flags: "--server <name>",
  description:
    "name or address of a server you logged in to; without it $FARHAND_SERVER, or the last one; `standalone`: the workers of workers.yaml",
};

/** Value of {@link serverOption}. */
export interface ServerOptions {
  readonly server?: string;
}

/**
 * The server that is meant, ready to be asked.
 *
 * With `FARHAND_TOKEN` in the environment, an API token, nobody needs to have logged in: `FARHAND_SERVER` is the address
 * then, and `FARHAND_CA` the file with its authority.
 *
 * @throws {CliError} `NOT_LOGGED_IN`, `SERVER_UNKNOWN`, `CREDENTIALS_EXPOSED`, `CREDENTIALS_UNUSABLE`
 */
export async function openServer(options: ServerOptions, terminal: Terminal): Promise<ApiClient> {
  const { env } = terminal;
  const [{ ApiClient }, { parseServerUrl }] = await Promise.all([import("./api-client.ts"), import("./server-url.ts")]);
  const token = env["FARHAND_TOKEN"];
  if (token) return new ApiClient({ ...(await addressByEnvironment(options, env)), token });
  const saved = await savedServer(options, env);
  const stepUp = async (api: ApiClient): Promise<string | undefined> => {
    const { stepUpWith } = await import("./step-up.ts");
    return await stepUpWith(api, saved, terminal);
  };
  return new ApiClient({ url: parseServerUrl(saved.url), trust: saved.trust, token: saved.token, stepUp });
}

/** Ask a server, and let go of it. */
export async function withServer<T>(
  options: ServerOptions,
  terminal: Terminal,
  ask: (api: ApiClient) => Promise<T>,
): Promise<T> {
  const api = await openServer(options, terminal);
  try {
    return await ask(api);
  } finally {
    api.close();
  }
}

/** The login that is meant. @throws {CliError} as {@link openServer} */
export async function savedServer(options: ServerOptions, env: Terminal["env"]): Promise<SavedServer> {
  const { readServers, serversPath } = await import("./servers-file.ts");
  return await serverIn(await readServers(serversPath(env)), options, env);
}

async function serverIn(saved: SavedServers, { server }: ServerOptions, env: Terminal["env"]): Promise<SavedServer> {
  const { CliError } = await import("../errors.ts");
  const wanted = server || env["FARHAND_SERVER"];
  const found = saved.servers.find((known) => isMeant(known, wanted ?? saved.chosen ?? ""));
  if (found) return found;
  if (wanted === undefined) throw new CliError("NOT_LOGGED_IN", "you are not logged in to a server");
  const known = saved.servers.map(({ name }) => name).join(", ") || "none";
  throw new CliError("SERVER_UNKNOWN", `you are not logged in to a server ${wanted} (logged in to: ${known})`);
}

/** By its name, or by its address as people write it. */
function isMeant({ name, url }: SavedServer, wanted: string): boolean {
  return name === wanted || [url, url.replace(/^https?:\/\//, "")].includes(wanted.replace(/\/+$/, ""));
}

async function addressByEnvironment({ server }: ServerOptions, env: Terminal["env"]) {
  const [{ parseServerUrl }, { CliError }] = await Promise.all([import("./server-url.ts"), import("../errors.ts")]);
  const url = server || env["FARHAND_SERVER"];
  if (!url)
    throw new CliError("SERVER_UNKNOWN", "FARHAND_TOKEN is set, and nothing says for which server", {
      remedy: "FARHAND_SERVER=https://HOST, and FARHAND_CA=FILE where its authority is its own",
    });
  const file = env["FARHAND_CA"];
  if (!file) return { url: parseServerUrl(url), trust: { kind: "roots" as const } };
  const { readText } = await import("../files.ts");
  return { url: parseServerUrl(url), trust: { kind: "authority" as const, pem: await readText(file) } };
}
