import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

interface ConfigEditOptions extends ServerOptions, JsonOptions {
  readonly comment?: string;
}

/** `farhand config edit`. */
export const configEdit = {
  name: "config edit",
  title: "Configurations a server holds",
  summary: "Edit a configuration in your editor and put it in force",
  details: [
    "The editor is $VISUAL or $EDITOR. When the text is not valid, or somebody else has written meanwhile, that is shown and",
    "the editor can be opened again; a text that is given up stays in a file, whose name is printed.",
  ].join(" "),
  arguments: [{ name: "NAME", description: "name of the configuration; a new one is made" }],
  options: [{ flags: "--comment <text>", description: "why, for the history" }, jsonOption, serverOption],
  examples: [["farhand config edit web-workers", "in $EDITOR"]],
  async run({ words: [name], options }, terminal) {
    const { editConfig } = await import("../server/config-edit.ts");
    const { comment, json } = options;
    await withServer(options, terminal, (api) => editConfig(api, { name: name as string, comment, json }, terminal));
  },
} satisfies Command<ConfigEditOptions>;

export type { ConfigEditOptions };
