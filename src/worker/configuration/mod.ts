/**
 * A managed worker's configuration: from which sources it comes, in which version, when a change takes effect, and that no
 * edit bricks the worker (spec CAT §1, §7).
 *
 * A setup (../modes) opens it; {@link memberSections} makes sections of the daemon's settings of it, and
 * {@link configurationMethods} the methods `config.*`.
 */
export { configurationMethods } from "./config-methods.ts";
export { memberSections } from "./directives.ts";
export type { Effective, WorkerConfiguration } from "./effective.ts";
export type { Environment, FromEnvironment } from "./environment.ts";
