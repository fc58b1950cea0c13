import type { Json, JsonObject } from "#core";
import { type ConfigKeyPath, configKeyPaths, markSecrets, valueAtKey, withKey } from "./config-keys.ts";
import type { ConfigFault } from "./cross-field.ts";
import { crossFieldFaults } from "./cross-field.ts";
import { ConfigDocument, type WholeDocument } from "./document-schema.ts";

/** What the defaults need to know of the machine. */
export interface ConfigMachine {
  readonly hostName: string;
  readonly mode: WholeDocument["mode"];
  /** Folder of the units where the document names none. */
  readonly dataDir: string;
}

/** What holds where a document is silent: nothing is open but the local socket (CAT-7, CAT-15, CAT-57). */
export function configDefaults({ hostName, mode, dataDir }: ConfigMachine): WholeDocument {
  return {
    mode,
    dataDir,
    server: {
      urls: [],
      name: null,
      pin: null,
      caFile: null,
      proxy: null,
      enrolmentToken: null,
      user: null,
      password: null,
    },
    identity: { name: hostName, id: null, labels: {}, publicUrl: null },
    remoteAccess: { roles: { admin: "admin", "*": "monitor" }, needsEntitlement: false },
    legacyPassword: { hash: null, remote: false, level: "monitor", acceptHashLocally: false, requireLocally: false },
    socket: { enabled: true },
    api: { enabled: false, listen: "127.0.0.1", port: 8889, cert: null, key: null, names: [] },
    switches: { remember: true },
    helpers: { count: null },
    limits: { retentionAge: null, retentionCount: null, retentionBytes: null },
    log: { level: "info", format: "json" },
    shell: { enabled: false, command: "/bin/sh", level: "admin" },
    tcpServices: {},
    httpServices: {},
    roads: [],
    workTypes: [],
    tools: {},
    watchers: [],
    files: [],
    entitlement: null,
  };
}

/** A document over defaults, key by key: a list or map that is given replaces the whole default. */
export function wholeDocument(document: JsonObject, defaults: WholeDocument): WholeDocument {
  let whole = defaults as unknown as JsonObject;
  for (const path of configKeyPaths) {
    const value = valueAtKey(document, path);
    if (value !== undefined) whole = withKey(whole, path, value);
  }
  return whole as unknown as WholeDocument;
}

/** The keys a document gives. */
export function givenKeys(document: JsonObject): ConfigKeyPath[] {
  return configKeyPaths.filter((path) => valueAtKey(document, path) !== undefined);
}

/** Everything that can be said against a document without looking at a machine (CAT-76, first two depths). */
export function configFaults(document: JsonObject, machine: ConfigMachine = anyMachine): ConfigFault[] {
  const marked = markSecrets(document);
  const faults = shapeFaults(marked);
  return faults.length > 0 ? faults : crossFieldFaults(wholeDocument(marked, configDefaults(machine)));
}

const anyMachine: ConfigMachine = { hostName: "worker", mode: "cloud", dataDir: "/" };

/** What does not fit the schema. */
export function shapeFaults(document: Json): ConfigFault[] {
  const parsed = ConfigDocument.safeParse(document);
  return parsed.success ? [] : parsed.error.issues.flatMap((issue) => faultsOf(issue, []));
}

/** An issue of the schema, as far as it is looked at here. */
interface Issue {
  readonly code?: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
  /** Of a union: the issues of each alternative. */
  readonly errors?: readonly (readonly Issue[])[];
}

function faultsOf(issue: Issue, above: readonly PropertyKey[]): ConfigFault[] {
  const path = [...above, ...issue.path];
  if (issue.code === "unrecognized_keys")
    return (issue.keys ?? []).map((key) => ({ path: pointer([...path, key]), reason: "there is no such key" }));
  // Of several alternatives the one meant is that whose shape fitted: its fault lies deeper.
  const deepest = (issue.errors ?? []).flat().filter(({ path }) => path.length > 0);
  if (deepest.length > 0) return deepest.slice(0, 1).flatMap((inner) => faultsOf(inner, path));
  const [first] = (issue.errors ?? []).flat();
  return [{ path: pointer(path), reason: lowerFirst(first?.message ?? issue.message) }];
}

function pointer(path: readonly PropertyKey[]): string {
  return path.map((name) => `/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
