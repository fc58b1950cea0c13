/**
 * The configuration document of a worker, as file or held by the server: its schema, its keys, how two are compared, how
 * its secrets are kept from eyes. Pure; both ends use it, so they cannot disagree.
 */
export { requireBounded, requireConfigName } from "./bounds.ts";
export {
  type Applies,
  type ConfigKey,
  configKey,
  type ConfigKeyPath,
  configKeyPaths,
  keyAt,
  markSecrets,
  valueAtKey,
  withKey,
} from "./config-keys.ts";
export { type ConfigFault, crossFieldFaults } from "./cross-field.ts";
export { type ConfigChange, diff, type ThreeWayChange, threeWayDiff } from "./diff.ts";
export {
  ConfigDocument,
  configJsonSchema,
  configSchemaVersion,
  type WholeDocument,
  type WrittenSecret,
} from "./document-schema.ts";
export { ConfigSecretError, isSecret, openSecrets, redactSecrets, type Sealer, sealSecrets } from "./secrets.ts";
export { ConfigStaleError, keptVersions } from "./stale.ts";
export { configDefaults, configFaults, type ConfigMachine, givenKeys, shapeFaults, wholeDocument } from "./whole.ts";
export { circlesOf, circleText, type FolderLine, moverOf, writtenLine } from "./watcher-circles.ts";
