import { type Command, type JsonOptions, jsonOption } from "../command.ts";

/** `farhand config check`. */
export const configCheck = {
  name: "config check",
  summary: "Report every fault of configuration files",
  details: "Exit code 0 when there is none, 1 otherwise. Files that sections name (certificates, keys) are not opened.",
  arguments: [{ name: "FILE", description: "files in list or map form", variadic: true, completes: "file" }],
  options: [jsonOption],
  examples: [
    ["farhand config check foo.yml", "FILE:LINE:COLUMN, what is wrong, and a hint"],
    ["farhand config check foo.yml --json", "the same for programs"],
  ],
  async run({ words: [files], options }, terminal) {
    const { checkConfig, checkLines } = await import("../config-check.ts");
    const results = (files as readonly string[]).map(checkConfig);
    if (options.json) terminal.print(JSON.stringify(results));
    else for (const line of results.flatMap((result) => checkLines(result, terminal.colours))) terminal.print(line);
    return results.every(({ ok }) => ok) ? 0 : 1;
  },
} satisfies Command<JsonOptions>;
