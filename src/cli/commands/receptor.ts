import type { Command } from "../command.ts";
import type { Terminal } from "../terminal.ts";

/** `farhand receptor`, for help; its words are Receptor's own and never come through the list of commands. */
export const receptor = {
  name: "receptor",
  summary: "Run a worker with the flags of Receptor",
  details: "`--SECTION key=value …` for each section, and -c FILE; `farhand receptor --help` lists the sections.",
  arguments: [{ name: "FLAGS", description: "Receptor's flags", optional: true, variadic: true }],
  options: [],
  examples: [
    ["farhand receptor -c foo.yml", "as `receptor -c foo.yml`"],
    ["farhand receptor --node id=foo --control-service filename=/tmp/foo.sock", "without a file"],
  ],
  async run({ words: [flags] }, terminal) {
    return await runReceptor((flags ?? []) as readonly string[], terminal);
  },
} satisfies Command<object>;

/** Receptor's command line (spec §5.3). */
export async function runReceptor(words: readonly string[], terminal: Terminal): Promise<number> {
  const { receptorProgram } = await import("../receptor-program.ts");
  return await receptorProgram(words, terminal);
}
