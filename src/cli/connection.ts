import type { ControlClient } from "#control";
import type { TlsClientProfile } from "#core";
import type { CommandOption } from "./command.ts";
import { defaultPlaces } from "./places.ts";
import type { Terminal } from "./terminal.ts";

const group = "Connection:";

/** Options of every command that speaks to a worker (spec §6.4). */
export const connectionOptions: readonly CommandOption[] = [
  {
    group,
    flags: "--socket <address>",
    description:
      "control service: PATH, unix:PATH, tcp://HOST:PORT or tls://HOST:PORT; without it $FARHAND_SOCKET, " +
      "$RECEPTORCTL_SOCKET, or the worker on embedded defaults",
    completes: "file",
  },
  { group, flags: "--rootcas <file>", description: "tls: CA certificates that are trusted", completes: "file" },
  { group, flags: "--cert <file>", description: "tls: our certificate", completes: "file" },
  { group, flags: "--key <file>", description: "tls: the key of our certificate", completes: "file" },
  { group, flags: "--insecureskipverify", description: "tls: do not check the host name of the certificate" },
  {
    group,
    flags: "--tls-config <file>",
    description: "tls: take files from a tls-client section of this configuration (also $RECEPTORCTL_CONFIG)",
    completes: "file",
  },
  {
    group,
    flags: "--tls-profile <name>",
    description: "tls: name of that section (also $RECEPTORCTL_TLSCLIENT)",
  },
];

/** Values of {@link connectionOptions}. */
export interface ConnectionOptions {
  readonly socket?: string;
  readonly rootcas?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly insecureskipverify?: true;
  readonly tlsConfig?: string;
  readonly tlsProfile?: string;
}

/** Where the commands look for the control service. */
export function socketOf(options: ConnectionOptions, env: Terminal["env"]): string {
  return options.socket || env["FARHAND_SOCKET"] || env["RECEPTORCTL_SOCKET"] || defaultPlaces(env).socket;
}

/** Opens connections to the one control service that was named, as often as wanted. */
export type Connector = (signal?: AbortSignal) => Promise<ControlClient>;

/** Understand the options now, so that a fault in them is reported before anything is done. */
export async function connectorOf(options: ConnectionOptions, env: Terminal["env"]): Promise<Connector> {
  const { connectControl, parseControlAddress } = await import("#control");
  const text = socketOf(options, env);
  const address = parseControlAddress(text, text.startsWith("tls:") ? await tlsProfile(options, env) : {});
  return (signal) => connectControl(address, { signal });
}

/** Ask one thing on a connection of its own. */
export async function withControl<T>(
  options: ConnectionOptions,
  terminal: Terminal,
  ask: (control: ControlClient) => Promise<T>,
): Promise<T> {
  const connect = await connectorOf(options, terminal.env);
  const control = await connect();
  try {
    return await ask(control);
  } finally {
    control.close();
  }
}

async function tlsProfile(options: ConnectionOptions, env: Terminal["env"]): Promise<TlsClientProfile> {
  const file = options.tlsConfig ?? env["RECEPTORCTL_CONFIG"];
  const name = options.tlsProfile ?? env["RECEPTORCTL_TLSCLIENT"];
  // As receptorctl does: the host name is not checked, the chain always is.
  const given = { rootCas: options.rootcas, cert: options.cert, key: options.key };
  if (!file && !name) return { ...given, skipHostNameCheck: options.insecureskipverify };
  const { CliError } = await import("./errors.ts");
  if (!file || !name) throw new CliError("USAGE", "--tls-config and --tls-profile belong together: give both");
  if (given.rootCas || given.cert || given.key) {
    throw new CliError("USAGE", "--tls-config already says which files to use: leave out --rootcas, --cert and --key");
  }
  return await profileInFile(file, name);
}

async function profileInFile(file: string, name: string): Promise<TlsClientProfile> {
  const [{ directivesOf, parseSettings }, { readText }, { CliError }] = await Promise.all([
    import("#worker"),
    import("./files.ts"),
    import("./errors.ts"),
  ]);
  const profiles = directivesOf(parseSettings(await readText(file), file), "tls-client").map(({ values }) => values);
  const profile = profiles.find((values) => values.name === name);
  if (!profile) {
    const known = profiles.map((values) => values.name).join(", ") || "none";
    throw new CliError("USAGE", `${file} has no tls-client section called ${name} (it has: ${known})`);
  }
  return {
    rootCas: profile.rootcas || undefined,
    cert: profile.cert || undefined,
    key: profile.key || undefined,
    skipHostNameCheck: profile.insecureskipverify,
    pinnedServerCert: profile.pinnedservercert,
    minTls13: profile.mintls13,
  };
}
