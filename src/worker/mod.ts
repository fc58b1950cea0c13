/**
 * The worker daemon: settings in, a node that takes work out.
 *
 * Start at {@link startDaemon} with what {@link parseReceptorArgs} or {@link parseSettings} read.
 */
export { type Daemon, type DaemonOptions, startDaemon } from "./daemon.ts";
export { describeFault, SettingsError, type SettingsFault, WorkerError, workerErrors } from "./errors.ts";
// Straight from their files: the rest of those folders is more than a command line needs.
export { readDocument, writeDocument } from "./configuration/document-text.ts";
export { placesOf } from "./modes/places.ts";
/** Loaded when they are asked for: few command lines need them, and their schemas take time. */
export const loadModes = () => import("./modes/mod.ts");
export const loadService = () => import("./service/mod.ts");
export const loadDoctor = () => import("./doctor/mod.ts");
export { nothingToDo } from "./nothing-to-do.ts";
export {
  convertSettings,
  type Directive,
  directivesOf,
  nodeSettings,
  notReady,
  parseReceptorArgs,
  parseSettings,
  printSettingsDoc,
  type ReceptorRequest,
  readSettingsFile,
  sectionNames,
  sectionRow,
} from "./settings/mod.ts";
export type { WorkerService } from "./service/mod.ts";
export { version } from "./version.ts";
