import { canonicalJson, type JsonObject } from "#core";
import { type ConfigFault, configKey, configKeyPaths, valueAtKey } from "#fleet";

/** Keys that differ and whose wrong value cuts a worker off (CAT-75), as JSON pointers. */
export function reachChanges(before: JsonObject, after: JsonObject): string[] {
  const text = (document: JsonObject, path: (typeof configKeyPaths)[number]): string =>
    canonicalJson(valueAtKey(document, path) ?? null);
  return configKeyPaths.filter((path) => configKey(path).reach && text(before, path) !== text(after, path));
}

/** What is said of them to who changes them. @param remedy what keeps a wrong value from being for good. */
export function reachWarnings(paths: readonly string[], remedy: string): ConfigFault[] {
  return paths.map((path) => ({
    path,
    reason: `it decides how workers are reached: a wrong value cuts them off; ${remedy}`,
  }));
}
