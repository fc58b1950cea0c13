import type { Command } from "../command.ts";

/** `farhand completion`. */
export const completion = {
  name: "completion",
  summary: "Print the completion script of a shell",
  details: "Commands and options are completed, and work types and unit ids as the worker has them at that moment.",
  arguments: [{ name: "SHELL", description: "bash, zsh or fish", choices: ["bash", "zsh", "fish"] }],
  options: [],
  examples: [
    ["source <(farhand completion bash)", "for this shell; put the line into ~/.bashrc for every one"],
    ["farhand completion fish > ~/.config/fish/completions/farhand.fish", "for fish"],
  ],
  async run({ words: [shell] }, terminal) {
    const { completionScript } = await import("../completion.ts");
    terminal.print(completionScript(shell as string));
  },
} satisfies Command<object>;
