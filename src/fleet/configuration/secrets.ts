import { canonicalJson, isJsonObject, isList, type Json, type JsonObject } from "#core";
import { FleetError } from "../errors.ts";

/** Seals so that a database without its key is worth nothing. `place` is bound to it: elsewhere it does not open. */
export interface Sealer {
  seal(secret: Uint8Array, place: string): Uint8Array;
  open(sealed: Uint8Array, place: string): Uint8Array;
}

/** What a reader sees in place of a secret, and what a writer gives back to keep it (CAT-73). */
const isSet: JsonObject = { $secret: "set" };

/**
 * A document as it is stored: new values sealed, `{"$secret":"set"}` replaced by what stood there before.
 *
 * @throws {FleetError} CONFIG_SECRET, naming the place and never the value.
 */
export function sealSecrets(
  document: JsonObject,
  previous: JsonObject,
  seal: (value: string) => Uint8Array,
): JsonObject {
  return sealed(document, previous, "", seal) as JsonObject;
}

/** A document as it is shown: no value of a secret, sealed or not. References to files and variables are none. */
export function redactSecrets(document: Json): Json {
  return mapSecrets(document, (secret) => (typeof secret === "string" ? { $secret: secret } : isSet));
}

/** A document as a worker gets it: secrets opened and still marked as such, references for itself to follow. */
export function openSecrets(document: JsonObject, open: (sealed: Uint8Array) => string): JsonObject {
  return mapSecrets(document, (secret) => {
    if (!isJsonObject(secret) || typeof secret.sealed !== "string") return { $secret: secret };
    return { $secret: { value: open(Buffer.from(secret.sealed, "base64")) } };
  }) as JsonObject;
}

/** A secret cannot be written; caught apart by whoever shows where it stands. */
export class ConfigSecretError extends FleetError {
  /** JSON pointer. */
  readonly path: string;

  constructor(path: string, why: string) {
    super("CONFIG_SECRET", `the secret at ${path} ${why}`);
    this.path = path;
  }
}

/** Whether this stands for a secret. */
export function isSecret(value: Json | undefined): value is JsonObject & { readonly $secret: Json } {
  return isJsonObject(value) && Object.hasOwn(value, "$secret");
}

function mapSecrets(value: Json, map: (secret: Json) => Json): Json {
  if (isSecret(value)) return map(value.$secret);
  if (isList(value)) return value.map((inner) => mapSecrets(inner, map));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, mapSecrets(inner, map)]));
}

type Seal = (value: string) => Uint8Array;

function sealed(value: Json, previous: Json | undefined, place: string, seal: Seal): Json {
  if (isSecret(value)) return sealedSecret(value, previous, place, seal);
  if (isList(value)) {
    const before = isList(previous ?? null) ? (previous as readonly Json[]) : [];
    return value.map((inner, n) => sealed(inner, counterpart(value, before, n), `${place}/${n}`, seal));
  }
  if (!isJsonObject(value)) return value;
  const before = isJsonObject(previous) ? previous : {};
  const entries = Object.entries(value).map(([name, inner]) => {
    const known = Object.hasOwn(before, name) ? before[name] : undefined;
    return [name, sealed(inner, known, `${place}/${name}`, seal)] as const;
  });
  return Object.fromEntries(entries);
}

function sealedSecret({ $secret, ...more }: JsonObject, previous: Json | undefined, place: string, seal: Seal): Json {
  if (Object.keys(more).length > 0) throw refused(place, "has more than `$secret` beside it");
  if ($secret === "set") {
    if (isSecret(previous)) return previous;
    throw refused(place, "is to be kept, but there is none at this place");
  }
  if (typeof $secret === "string" && /^(file|env):./.test($secret)) return { $secret };
  // Nothing sealed is taken from outside: it could be another configuration's.
  if (!isJsonObject($secret) || typeof $secret.value !== "string" || Object.keys($secret).length !== 1)
    throw refused(place, 'is neither "set", nor {"value": text}, nor "file:…" or "env:…"');
  return { $secret: { sealed: Buffer.from(seal($secret.value)).toString("base64") } };
}

/**
 * What stood in a list before, for an entry of the new one. Entries move: the one that looks the same is meant, else the
 * one at the same place. Where that is not certain there is none, for a secret must not get to another one's host.
 */
function counterpart(next: readonly Json[], before: readonly Json[], n: number): Json | undefined {
  const looks = canonicalJson(next[n] ?? null);
  const alike = before.filter((entry) => canonicalJson(redactSecrets(entry)) === looks);
  const sameLength = next.length === before.length;
  const here = before[n];
  if (alike.length > 0) {
    if (sameLength && here !== undefined && alike.includes(here)) return here;
    return new Set(alike.map(canonicalJson)).size === 1 ? alike[0] : undefined;
  }
  if (!sameLength || here === undefined) return undefined;
  const shown = canonicalJson(redactSecrets(here));
  return next.some((entry) => canonicalJson(entry) === shown) ? undefined : here;
}

function refused(place: string, why: string): ConfigSecretError {
  return new ConfigSecretError(place, why);
}
