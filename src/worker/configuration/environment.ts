import type { Json } from "#core";
import type { ConfigFault, ConfigKeyPath } from "#fleet";
import { didYouMean } from "../settings/did-you-mean.ts";

/** Variables that override a key of the document (CAT-7): the published list. */
const keys = {
  WORKER_SERVER_URL: { path: "/server/urls", read: readList },
  WORKER_SERVER_NAME: { path: "/server/name", read: readText },
  WORKER_SERVER_PIN: { path: "/server/pin", read: readText },
  WORKER_SERVER_CA: { path: "/server/caFile", read: readText },
  WORKER_PROXY: { path: "/server/proxy", read: readText, secret: true },
  WORKER_TOKEN: { path: "/server/enrolmentToken", read: readText, secret: true },
  WORKER_USER: { path: "/server/user", read: readText },
  WORKER_PASSWORD: { path: "/server/password", read: readText, secret: true },
  WORKER_NAME: { path: "/identity/name", read: readText },
  WORKER_ID: { path: "/identity/id", read: readText },
  WORKER_LABELS: { path: "/identity/labels", read: readLabels },
  WORKER_PUBLIC_URL: { path: "/identity/publicUrl", read: readText },
  WORKER_LOG_LEVEL: { path: "/log/level", read: readText },
  WORKER_ENTITLEMENT: { path: "/entitlement", read: readText },
  WORKER_DATA_DIR: { path: "/dataDir", read: readText },
} as const satisfies Readonly<Record<string, Row>>;

/** Variables that say where to begin, before there is a document. */
const beginnings = ["WORKER_MODE", "WORKER_CONFIG", "WORKER_STATE_DIR"] as const;

interface Row {
  readonly path: ConfigKeyPath;
  readonly read: (written: string) => Json | undefined;
  /** Taken out of the environment, and also read from the file that `NAME_FILE` names (CAT-106). */
  readonly secret?: true;
}

const rows: ReadonlyMap<string, Row> = new Map<string, Row>(Object.entries(keys));
const isBeginning = (name: string): name is (typeof beginnings)[number] => beginnings.some((known) => known === name);

/** Environment of a process; {@link takeEnvironment} removes secrets from it. */
export type Environment = Record<string, string | undefined>;

/** A key that the environment decides. */
export interface Override {
  readonly path: ConfigKeyPath;
  /** Of the variable, `WORKER_TOKEN` or `WORKER_TOKEN_FILE`. */
  readonly name: string;
  /** As in a document, secrets marked; to be called, so that printing an override shows none (CAT-125). */
  readonly value: () => Json;
}

/** What the environment says. */
export interface FromEnvironment {
  readonly overrides: readonly Override[];
  /** By variable in place of a key's path. */
  readonly faults: readonly ConfigFault[];
  /** `WORKER_MODE`. */
  readonly mode: string | undefined;
  /** `WORKER_CONFIG`: name of the configuration that the server holds (CAT-3). */
  readonly configName: string | undefined;
  /** `WORKER_STATE_DIR`: a volume for what shall survive a container (CAT-104). */
  readonly stateDir: string | undefined;
}

/** The variable of the published list that can override a key, or undefined. */
export function variableOf(path: ConfigKeyPath): string | undefined {
  return [...rows].find(([, row]) => row.path === path)?.[0];
}

/** The published list, for the page about it and for messages. */
export const variableNames: readonly string[] = [...rows.keys(), ...beginnings];

/**
 * Read every `WORKER_*` variable, and take secrets out of `env`, so that no helper inherits one (CAT-106). What is not on
 * the list is a fault: a misspelt variable must not be silence.
 *
 * @param readFile gives the text of a file, or throws.
 */
export function takeEnvironment(env: Environment, readFile: (path: string) => string): FromEnvironment {
  const overrides: Override[] = [];
  const faults: ConfigFault[] = [];
  for (const name of Object.keys(env).filter((key) => key.startsWith("WORKER_"))) {
    const written = env[name] ?? "";
    const row = rowOf(name);
    if (row?.secret) delete env[name];
    if (!row) {
      if (!isBeginning(name)) faults.push(unknownVariable(name));
      continue;
    }
    const found = valueOf(row, name, written, readFile);
    if (typeof found === "string") faults.push({ path: name, reason: found });
    else overrides.push({ path: row.path, name, value: () => found.value });
  }
  for (const name of twice(overrides))
    faults.push({ path: `${name}_FILE`, reason: `${name} is given too: give one of them` });
  const [mode, configName, stateDir] = beginnings.map((name) => env[name] || undefined);
  return { overrides, faults, mode, configName, stateDir };
}

function rowOf(name: string): Row | undefined {
  const inFile = name.endsWith("_FILE") ? rows.get(name.slice(0, -"_FILE".length)) : undefined;
  return rows.get(name) ?? (inFile?.secret ? inFile : undefined);
}

function valueOf(
  row: Row,
  name: string,
  written: string,
  readFile: (path: string) => string,
): { readonly value: Json } | string {
  let text = written;
  if (!rows.has(name)) {
    try {
      text = readFile(written).trim();
    } catch {
      return "names a file that cannot be read";
    }
  }
  const value = text === "" ? undefined : row.read(text);
  if (value === undefined) return text === "" ? "is empty: give a value, or unset it" : "must be written as k=v,k=v";
  return { value: row.secret ? { $secret: { value: value as string } } : value };
}

function twice(overrides: readonly Override[]): string[] {
  const names = new Set(overrides.map(({ name }) => name));
  return [...names].filter((name) => names.has(`${name}_FILE`));
}

function unknownVariable(name: string): ConfigFault {
  const isFile = name.endsWith("_FILE") && rows.has(name.slice(0, -"_FILE".length));
  if (isFile) return { path: name, reason: "is no secret, so it is given as it is and not by a file" };
  const hint = didYouMean(name, variableNames);
  const known = `what the environment may say is ${variableNames.join(", ")}`;
  return { path: name, reason: `is not known${hint === undefined ? "" : `, ${hint}`} (${known})` };
}

function readText(written: string): Json {
  return written;
}

function readList(written: string): Json {
  return written.split(/[\s,]+/).filter((word) => word !== "");
}

function readLabels(written: string): Json | undefined {
  const pairs = written.split(",").map((pair) => /^\s*([^=]+?)\s*=(.*)$/.exec(pair));
  if (pairs.some((pair) => pair === null)) return undefined;
  return Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? "", (pair?.[2] ?? "").trim()]));
}
