import { type Command, type JsonOptions, jsonOption } from "../command.ts";

interface ConvertOptions extends JsonOptions {
  readonly to?: "list" | "map";
}

/** `farhand config convert`. */
export const configConvert = {
  name: "config convert",
  summary: "Print a configuration file in the other form",
  details: "Values and their order are kept, comments are not. The file itself stays as it is.",
  arguments: [{ name: "FILE", description: "file in list or map form", completes: "file" }],
  options: [
    {
      flags: "--to <form>",
      description: "list or map; without it the form the file does not have",
      choices: ["list", "map"],
    },
    jsonOption,
  ],
  examples: [
    ["farhand config convert foo.yml > foo-map.yml", "list form becomes map form, and the other way round"],
    ["farhand config convert foo.yml --to list", "tidy up a file that is in list form"],
  ],
  async run({ words: [file], options }, terminal) {
    const { convertSettings, parseSettings } = await import("#worker");
    const { readText } = await import("../files.ts");
    const path = file as string;
    const directives = parseSettings(await readText(path), path);
    const to = options.to ?? (directives[0]?.at.form === "map" ? "list" : "map");
    const text = convertSettings(directives, to);
    if (options.json) terminal.print(JSON.stringify({ form: to, text }));
    else terminal.print(text.trimEnd());
  },
} satisfies Command<ConvertOptions>;
