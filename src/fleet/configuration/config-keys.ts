import { isJsonObject, isList, type Json, type JsonObject } from "#core";
import { isSecret } from "./secrets.ts";

/** When a changed key takes effect (CAT-5): at once, when the units that run have ended, or at the next start. */
export type Applies = "live" | "drain" | "restart";

/** What is known of a key besides its shape. */
export interface ConfigKey {
  readonly applies: Applies;
  readonly meaning: string;
  /** A wrong value can cut the worker off: a remote change of it must be confirmed (CAT-75). */
  readonly reach?: true;
  /** Its value is for no eyes. Of a list: this key of each entry. */
  readonly secret?: readonly string[];
}

const reach = { reach: true } as const;

/** Every key of a document by JSON pointer (RFC 6901), in the order of the printed page. */
export const configKeys = {
  "/server/urls": {
    applies: "restart",
    ...reach,
    meaning: "Addresses of the server, the best first. None: the worker is by itself (CAT-4).",
  },
  "/server/name": {
    applies: "restart",
    ...reach,
    meaning: "Id of the server's node, when it is not to be taken from what the server says.",
  },
  "/server/pin": {
    applies: "restart",
    ...reach,
    meaning: "SHA-256 fingerprint of the server's certificate; then no authority is asked.",
  },
  "/server/caFile": { applies: "restart", ...reach, meaning: "File with the authorities the server is verified by." },
  "/server/proxy": {
    applies: "restart",
    ...reach,
    secret: [""],
    meaning: "URL of the HTTP proxy; the environment's when absent.",
  },
  "/server/enrolmentToken": { applies: "restart", secret: [""], meaning: "Token for the first registration." },
  "/server/user": { applies: "restart", meaning: "Service account, where there is no enrolment token (CAT-3)." },
  "/server/password": { applies: "restart", secret: [""], meaning: "Password of the service account." },
  "/identity/name": { applies: "restart", ...reach, meaning: "Name of the worker and its node; else the host's." },
  "/identity/id": { applies: "restart", ...reach, meaning: "Stable id where no state folder keeps one (CAT-104)." },
  "/identity/labels": { applies: "restart", meaning: "Labels that work is placed by." },
  "/identity/publicUrl": { applies: "restart", meaning: "Where the worker can be reached from outside (CAT-102)." },
  "/remoteAccess/roles": {
    applies: "live",
    ...reach,
    meaning: "Level of each role of the server here; `*` is every other role, none of them nobody (CAT-57).",
  },
  "/remoteAccess/needsEntitlement": {
    applies: "live",
    ...reach,
    meaning: "Refuse whoever asks through a server that does not say what its policy includes (CAT-100).",
  },
  "/legacyPassword/hash": { applies: "live", secret: [""], meaning: "The service password, argon2id (CAT-24)." },
  "/legacyPassword/remote": { applies: "live", ...reach, meaning: "Whether it is good from elsewhere (CAT-25)." },
  "/legacyPassword/level": { applies: "live", ...reach, meaning: "What it gives from elsewhere." },
  "/legacyPassword/acceptHashLocally": { applies: "live", meaning: "Whether the hash itself is good on the socket." },
  "/legacyPassword/requireLocally": {
    applies: "live",
    meaning: "Whether the socket alone only lets look on, once a password is set (CAT-24).",
  },
  "/socket/enabled": { applies: "restart", ...reach, meaning: "The local socket." },
  "/api/enabled": { applies: "restart", ...reach, meaning: "The HTTPS port (CAT-15)." },
  "/api/listen": { applies: "restart", ...reach, meaning: "Address of the HTTPS port." },
  "/api/port": { applies: "restart", ...reach, meaning: "Its number; 0 is any." },
  "/api/cert": { applies: "restart", ...reach, meaning: "File with its certificate." },
  "/api/key": { applies: "restart", ...reach, meaning: "File with the certificate's private key." },
  "/api/names": { applies: "restart", ...reach, meaning: "Names it may be called by, besides loopback (CAT-19)." },
  "/switches/remember": { applies: "restart", meaning: "Whether the switches survive a restart (CAT-17)." },
  "/helpers/count": { applies: "restart", meaning: "Most helper processes; the worker chooses when absent." },
  "/limits/retentionAge": { applies: "restart", meaning: "Finished units older than this are removed." },
  "/limits/retentionCount": { applies: "restart", meaning: "No more finished units than this are kept." },
  "/limits/retentionBytes": { applies: "restart", meaning: "Finished units together take no more than this." },
  "/log/level": { applies: "live", meaning: "What is logged." },
  "/log/format": { applies: "live", meaning: "How: lines of JSON, or as Receptor writes them." },
  "/shell/enabled": { applies: "restart", ...reach, meaning: "Whether there is a shell to open through the server." },
  "/shell/command": { applies: "restart", meaning: "What runs in its terminal, for `/bin/sh`." },
  "/shell/level": { applies: "restart", ...reach, meaning: "The level that somebody needs for it here (CAT-57)." },
  "/tcpServices": {
    applies: "live",
    meaning:
      "Ports that can be reached through the server, by name: host, port, and the level it needs (`operate` when absent).",
  },
  "/httpServices": {
    applies: "live",
    meaning:
      "Pages (HTTP, WebSockets) that can be reached through the server, by name: host, port, and the level it needs (`operate` when absent).",
  },
  "/mode": { applies: "restart", meaning: "How the worker was set up (CAT §1)." },
  "/dataDir": { applies: "restart", meaning: "Folder of the units." },
  "/roads": {
    applies: "restart",
    ...reach,
    secret: ["/url", "/header"],
    meaning: "Ways to the server, used together; a WebSocket to its address when there are none.",
  },
  "/workTypes": {
    applies: "drain",
    meaning: "What the worker can do: `work-command` sections, or those of `kind: python` or `kind: loop`.",
  },
  "/tools": {
    applies: "drain",
    meaning:
      "Tools that look at the network, by name, with the keys of `work-tool` sections; `all` is every other one. None is open unless it stands here (docs/tasks/open-tools.md).",
  },
  "/watchers": {
    applies: "live",
    meaning: "Folders whose files become units: `name`, `folder`, `workType` and more (docs/tasks/watch-folders.md).",
  },
  "/files": { applies: "restart", meaning: "Receptor configuration files that count as well." },
  "/entitlement": { applies: "restart", meaning: "The signed entitlement, or the path of its file (CAT-98)." },
} as const satisfies Readonly<Record<string, ConfigKey>>;

/** A key of a document, as JSON pointer. */
export type ConfigKeyPath = keyof typeof configKeys;

/** All of {@link configKeys}. */
export const configKeyPaths = Object.keys(configKeys) as ConfigKeyPath[];

/** The row of a key, with nothing known of which one it is. */
export function configKey(path: ConfigKeyPath): ConfigKey {
  return configKeys[path];
}

/** The key that a place in a document belongs to: `/roads` for `/roads/0/url`. */
export function keyAt(pointer: string): ConfigKeyPath | undefined {
  return configKeyPaths.find((path) => pointer === path || pointer.startsWith(`${path}/`));
}

/** The value of a key in a document; undefined when it is not given. */
export function valueAtKey(document: JsonObject, path: string): Json | undefined {
  const [section = "", key] = path.slice(1).split("/");
  const value = Object.hasOwn(document, section) ? document[section] : undefined;
  if (key === undefined || value === undefined) return value;
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** The document with a value for a key, or (undefined) without one. */
export function withKey(document: JsonObject, path: string, value: Json | undefined): JsonObject {
  const [section = "", key] = path.slice(1).split("/");
  if (key === undefined) return withEntry(document, section, value);
  const before = document[section];
  const after = withEntry(isJsonObject(before) ? before : {}, key, value);
  // A section that says nothing is none.
  return withEntry(document, section, Object.keys(after).length === 0 ? undefined : after);
}

function withEntry(object: JsonObject, name: string, value: Json | undefined): JsonObject {
  const { [name]: _, ...rest } = object;
  return value === undefined ? rest : { ...object, [name]: value };
}

/** The document with secrets marked that were written as plain text (CAT-73): from here on nobody shows them. */
export function markSecrets(document: JsonObject): JsonObject {
  let marked = document;
  for (const path of configKeyPaths) {
    const { secret } = configKey(path);
    const value = secret && valueAtKey(document, path);
    if (secret === undefined || value === undefined) continue;
    marked = withKey(marked, path, markedValue(value, secret));
  }
  return marked;
}

function markedValue(value: Json, secret: readonly string[]): Json {
  if (secret.includes("")) return markedText(value);
  if (!isList(value)) return value;
  return value.map((entry) => {
    if (!isJsonObject(entry) || isSecret(entry)) return entry;
    return secret.reduce((changed, place) => {
      const inner = valueAtKey(changed, place);
      return inner === undefined ? changed : withKey(changed, place, markedText(inner));
    }, entry);
  });
}

function markedText(value: Json): Json {
  return typeof value === "string" ? { $secret: { value } } : value;
}
