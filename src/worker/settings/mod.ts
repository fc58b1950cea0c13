/**
 * Settings of the daemon: Receptor's sections in both forms of file and on the command line, and Farhand's own keys.
 *
 * Start at {@link parseSettings} for a file and {@link parseReceptorArgs} for a command line; both give {@link Directive}s,
 * which {@link directivesOf} and {@link nodeSettings} take apart. One table says what sections and keys there are
 * ({@link printSettingsDoc} prints it); nothing else in the daemon looks at YAML. Starting is then {@link refuseNotReady},
 * {@link checkFiles}, go. Source: Receptor specification §5.
 */
export { checkFiles } from "./check-files.ts";
export { splitHostPort } from "./checks/address.ts";
export { convertSettings } from "./convert.ts";
export { type Directive, directivesOf, type Values } from "./directive.ts";
export { directiveText } from "./directive-text.ts";
export { type NodeSettings, nodeSettings } from "./node-settings.ts";
export { notReady, refuseNotReady } from "./not-ready.ts";
export { parseSettings } from "./parse.ts";
export { parseReceptorArgs, type ReceptorRequest } from "./receptor-args.ts";
export { planReload } from "./reload.ts";
export { sectionNames, sectionRow } from "./sections.ts";
export { printSettingsDoc } from "./settings-doc.ts";
export { readSettingsFile } from "./settings-files.ts";
export { toolPolicy } from "./tool-policy.ts";
