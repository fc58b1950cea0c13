import type { ProbeOptions } from "../commands/probe.ts";
import { type ProbeKind, type ProbeWord, type QuorumVerdict, quorumVerdict } from "#tools/wire";
import { CliError } from "../errors.ts";
import { oneLine } from "../quantities.ts";
import type { Terminal } from "../terminal.ts";
import { positiveNumber } from "./positive-number.ts";
import { moreParams, targetParams } from "./probe-params.ts";
import { ProbeText } from "./probe-text.ts";
import type { ToolEnding } from "./tool-run.ts";
import { showTool, type ToolView } from "./tool-show.ts";

/** As the tools do: 0 up, 1 down; and when too few agree, what a service that cannot be reached has. */
const exits: Readonly<Record<QuorumVerdict["verdict"], number>> = { up: 0, down: 1, undecided: 5 };

/** `farhand probe`: ask workers, and say what enough of them agree on. */
export async function probeFrom(
  kind: ProbeKind,
  target: string,
  options: ProbeOptions,
  terminal: Terminal,
): Promise<number> {
  const params = {
    ...targetParams(kind, target),
    ...(options.attempts !== undefined && { attempts: positiveNumber("--attempts", options.attempts, 1) }),
    ...(options.timeout !== undefined && {
      timeoutMs: Math.round(positiveNumber("--timeout", options.timeout, 5) * 1_000),
    }),
    ...moreParams(options.param),
  };
  let probes = new ProbeText([], terminal);
  const viewOf = (workers: readonly string[]): ToolView => (probes = new ProbeText(workers, terminal));
  const { json } = options;
  const quorum = options.quorum === undefined ? undefined : wholeQuorum(options.quorum);
  const names = options.on ?? [];
  const endings = await showTool({ tool: kind, params, names, naming: "--on WORKER", options }, viewOf, terminal);
  const words = probes.words().map((word) => withFault(word, endings));
  const verdict = quorumVerdict(words, quorum);
  if (json) terminal.print(JSON.stringify({ type: "verdict", target, probe: kind, ...verdict, words }));
  else terminal.print(verdictText(target, verdict, words, terminal));
  return exits[verdict.verdict];
}

function wholeQuorum(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new CliError("USAGE", `--quorum: ${text} is no whole number above 0`);
}

/** Who did not say anything is told with why: away, refused, failed. */
function withFault(word: ProbeWord, endings: readonly ToolEnding[]): ProbeWord {
  const fault = endings.find(({ worker }) => worker === word.worker)?.fault;
  return word.word === "silent" && fault !== undefined ? { ...word, reason: fault } : word;
}

function verdictText(target: string, said: QuorumVerdict, words: readonly ProbeWord[], { colours }: Terminal): string {
  const { verdict, up, down, quorum } = said;
  const mark = { up: colours.good, down: colours.bad, undecided: colours.busy }[verdict];
  const silent = words.filter(({ word }) => word === "silent").map(({ worker }) => oneLine(worker));
  const counts = `${up} up, ${down} down, ${quorum} must agree`;
  const missing = silent.length === 0 ? "" : `; no word from ${silent.join(", ")}`;
  return `${oneLine(target)}: ${mark(verdict)} (${counts}${missing})`;
}
