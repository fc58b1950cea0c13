/**
 * The command line: `farhand` and, in Receptor's words, `receptor`.
 *
 * Start at {@link main}. Commands are values in one list; help, completion and {@link printCliDoc} read that list.
 */
export { printCliDoc } from "./cli-doc.ts";
export { main } from "./main.ts";
