/**
 * A managed worker's configuration: from which sources it comes, in which version, when a change takes effect, and that no
 * edit bricks the worker (spec CAT §1, §7).
 *
 * Start at {@link FileConfiguration} or {@link CloudConfiguration}; {@link directivesFrom} makes the daemon's settings of it,
 * {@link configurationMethods} the methods `config.*`.
 */
export { writeFileAtomic } from "./atomic-file.ts";
export {
  CloudConfiguration,
  type CloudConfigurationOptions,
  type CloudOutcome,
  type CloudVersion,
} from "./cloud-configuration.ts";
export { configurationMethods, type ConfigurationMethodsOptions } from "./config-methods.ts";
export type { ApplyChanges, Configuration, ConfigurationChecks, Editor } from "./configuration.ts";
export {
  type DirectiveContext,
  directiveFaults,
  directivesFrom,
  memberSections,
  type MemberSections,
} from "./directives.ts";
export {
  type Configured,
  configurationFrom,
  type Effective,
  effectiveValues,
  type PendingChange,
  type WorkerConfiguration,
} from "./effective.ts";
export { type Environment, type FromEnvironment, takeEnvironment, variableNames } from "./environment.ts";
export { FileConfiguration, type FileConfigurationOptions } from "./file-configuration.ts";
export { type Owners, writableByOthers } from "./file-hygiene.ts";
export { liveWarnings } from "./live-checks.ts";
export { roadPaths } from "./road-sections.ts";
