import { isJsonObject, isList, type Json, type JsonObject, Secret } from "#core";
import {
  type Applies,
  configDefaults,
  type ConfigFault,
  configFaults,
  configKey,
  type ConfigKeyPath,
  configKeyPaths,
  type ConfigMachine,
  givenKeys,
  isSecret,
  markSecrets,
  type WholeDocument,
  wholeDocument,
  withKey,
  type WrittenSecret,
} from "#fleet";
import type { FromEnvironment } from "./environment.ts";
import { HeldDocument } from "./held-document.ts";

/** A document with its secrets to hand: what the worker is built from. Printing it shows none of them. */
export type WorkerConfiguration = Resolved<WholeDocument>;

type Resolved<T> = [T] extends [WrittenSecret | null | undefined]
  ? [WrittenSecret] extends [T]
    ? Secret | Exclude<T, WrittenSecret>
    : T
  : T extends readonly (infer Entry)[]
    ? readonly Resolved<Entry>[]
    : T extends object
      ? { readonly [Key in keyof T]: Resolved<T[Key]> }
      : T;

/** Where a value comes from (CAT-8): `default`, `file`, `cloud:name@version` or `env:NAME`. */
export type Source = "default" | "file" | `cloud:${string}@${number}` | `env:${string}`;

/** All that decides a worker's configuration, in growing order of weight (CAT-7). */
export interface Sources {
  readonly machine: ConfigMachine;
  /** The file, or what the server holds; absent when there is neither. */
  readonly document?: { readonly source: Source; readonly document: JsonObject } | undefined;
  readonly environment: FromEnvironment;
  /** What `file:PATH` and `env:NAME` secrets stand for. @throws when there is nothing. */
  readonly follow: (reference: string) => string;
}

/** A configuration that may be used, or what is wrong with it; by key, or by variable of the environment. */
export type Configured =
  | { readonly state: "good"; readonly effective: Effective }
  | { readonly state: "misconfigured"; readonly faults: readonly ConfigFault[] };

/** What the worker goes by, and why each value is as it is. */
export interface Effective {
  readonly values: WorkerConfiguration;
  /** The same as a document, for comparing. */
  readonly document: HeldDocument;
  readonly sources: ReadonlyMap<ConfigKeyPath, Source>;
}

/** One value as it is shown. */
export interface EffectiveValue {
  readonly path: ConfigKeyPath;
  /** Secrets as set. */
  readonly value: Json;
  readonly source: Source;
  /** Why editing it has no effect; null when it has (CAT-8). */
  readonly fixed: string | null;
  readonly applies: Applies;
}

/** Defaults under the document under the environment (CAT-7). Never throws: what is wrong is told by key (CAT-9). */
export function configurationFrom({ machine, document, environment, follow }: Sources): Configured {
  const written = markSecrets(document?.document ?? {});
  const faults = [...environment.faults, ...configFaults(written, machine)];
  if (faults.length > 0) return { state: "misconfigured", faults };
  const overridden = environment.overrides.reduce((all, { path, value }) => withKey(all, path, value()), written);
  // Said of the environment only when the document by itself is sound.
  const fromEnvironment = configFaults(overridden, machine).map(({ path, reason }) => ({
    path: environment.overrides.find((override) => path.startsWith(override.path))?.name ?? path,
    reason,
  }));
  if (fromEnvironment.length > 0) return { state: "misconfigured", faults: fromEnvironment };
  const whole = wholeDocument(overridden, configDefaults(machine)) as unknown as JsonObject;
  const resolved = resolveSecrets(whole, follow);
  if ("faults" in resolved) return { state: "misconfigured", faults: resolved.faults };
  return {
    state: "good",
    effective: {
      values: resolved.value as WorkerConfiguration,
      document: new HeldDocument(whole),
      sources: sourcesOf(written, document?.source ?? "default", environment),
    },
  };
}

function sourcesOf(written: JsonObject, source: Source, { overrides }: FromEnvironment): Map<ConfigKeyPath, Source> {
  const sources = new Map<ConfigKeyPath, Source>(configKeyPaths.map((path) => [path, "default"]));
  for (const path of givenKeys(written)) sources.set(path, source);
  for (const { path, name } of overrides) sources.set(path, `env:${name}`);
  return sources;
}

/** Every value with where it comes from (CAT-8), in the order of the keys. */
export function effectiveValues({ document, sources }: Effective): EffectiveValue[] {
  return configKeyPaths.map((path) => {
    const source = sources.get(path) ?? "default";
    return {
      path,
      value: document.shownAt(path),
      source,
      fixed: fixedBy(path, source),
      applies: configKey(path).applies,
    };
  });
}

function fixedBy(path: ConfigKeyPath, source: Source): string | null {
  if (!source.startsWith("env:")) return null;
  const name = source.slice("env:".length);
  return `${name} in the service's environment decides ${path}: what is written here has no effect until it is unset`;
}

/** A key that was changed and is not in force yet, or (live) is by now. */
export interface PendingChange {
  readonly path: ConfigKeyPath;
  readonly applies: Applies;
}

/** What differs between what runs and what is written, with when it takes effect (CAT-5). */
export function changesBetween(running: Effective, written: Effective): PendingChange[] {
  return configKeyPaths
    .filter((path) => !running.document.sameAt(path, written.document))
    .map((path) => ({ path, applies: configKey(path).applies }));
}

type Followed = { readonly value: unknown } | { readonly faults: readonly ConfigFault[] };

/** Secrets as {@link Secret}s: texts as they are, references followed. */
function resolveSecrets(document: JsonObject, follow: Sources["follow"]): Followed {
  const faults: ConfigFault[] = [];
  const resolve = (value: Json, path: string): unknown => {
    if (isSecret(value)) return secretOf(value.$secret, path);
    if (isList(value)) return value.map((inner, n) => resolve(inner, `${path}/${n}`));
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, resolve(inner, `${path}/${name}`)]));
  };
  const secretOf = (secret: Json, path: string): Secret | null => {
    if (isJsonObject(secret) && typeof secret.value === "string") return new Secret(secret.value);
    if (typeof secret === "string" && secret !== "set") {
      try {
        return new Secret(follow(secret).trim());
      } catch {
        faults.push({ path, reason: `the secret at ${secret} cannot be read` });
        return null;
      }
    }
    faults.push({ path, reason: "the secret is not here: write its value, or where it is" });
    return null;
  };
  const value = resolve(document, "");
  return faults.length > 0 ? { faults } : { value };
}
