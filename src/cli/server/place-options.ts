import type { CommandOption } from "../command.ts";

/** For a word that is the name of a configuration and of a worker. */
export const placeOptions: readonly CommandOption[] = [
  { flags: "--worker", description: "the name is a worker's", group: "Place" },
  { flags: "--held", description: "the name is that of a configuration the server holds", group: "Place" },
];
