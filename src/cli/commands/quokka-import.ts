import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

/** `farhand quokka import`. */
export const quokkaImport = {
  name: "quokka import",
  summary: "Enter the workers of Quokka's own workers.yaml",
  details: "Entries that are there already are left as they are, so that it can be done again.",
  arguments: [{ name: "FILE", description: "workers.yaml of a Quokka server" }],
  options: [jsonOption, serverOption],
  examples: [["farhand quokka import quokka/data/workers.yaml", "all of them"]],
  async run({ words: [file], options }, terminal) {
    const { importQuokkaWorkers } = await import("../server/quokka.ts");
    await withServer(options, terminal, (api) => importQuokkaWorkers(api, file as string, options.json, terminal));
  },
} satisfies Command<ServerOptions & JsonOptions>;
