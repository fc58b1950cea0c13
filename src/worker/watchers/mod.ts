/**
 * Watched folders: files that appear in them become units, each exactly one (spec CAT-17; docs/tasks/watch-folders.md).
 *
 * Start at {@link Watchers}.
 */
export { goingRound } from "./folder-lines.ts";
export { templateFault } from "./unit-words.ts";
export { Watchers } from "./watchers.ts";
