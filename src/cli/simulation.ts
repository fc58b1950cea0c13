import { runSimulation, simulatedFaults, type SimulationReport, type SimulationSettings } from "#mesh";
import { CliError } from "./errors.ts";
import { type Cell, tableLines } from "./table.ts";
import type { Terminal } from "./terminal.ts";

/** What was given on the command line, as text. */
export interface GivenSimulation {
  readonly seed?: string;
  readonly nodes?: string;
  readonly hours?: string;
  readonly faults?: string;
  readonly json?: true;
}

/** Run it, print what came out, and give the exit code: 1 when something did not hold. */
export async function runSimulationCommand(given: GivenSimulation, terminal: Terminal): Promise<number> {
  const settings = await simulationSettings(given);
  const start = process.cpuUsage();
  const progress = (atHours: number, violations: number): void => {
    if (process.stderr.isTTY)
      process.stderr.write(`\r${atHours.toFixed(1)} of ${settings.hours} hours, ${violations} violations `);
  };
  const report = await runSimulation(settings, { progress });
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
  if (given.json) terminal.print(JSON.stringify(report));
  else for (const line of reportLines(report)) terminal.print(line);
  const { user, system } = process.cpuUsage(start);
  terminal.say(`${((user + system) / 1e6).toFixed(1)} s of processor time`);
  return report.violations.length === 0 ? 0 : 1;
}

/** @throws {CliError} `USAGE` that names the option. */
export async function simulationSettings(given: GivenSimulation): Promise<SimulationSettings> {
  const known = await simulatedFaults();
  const faults = given.faults === undefined ? known : given.faults.split(",").filter((fault) => fault !== "");
  const unknown = faults.find((fault) => !known.includes(fault));
  if (unknown !== undefined)
    throw new CliError("USAGE", `--faults: there is no fault "${unknown}"; there are ${known.join(", ")}`);
  return {
    seed: numberIn("--seed", given.seed ?? "42", 0, 2 ** 32 - 1, true),
    nodes: numberIn("--nodes", given.nodes ?? "100", 2, 5000, true),
    hours: numberIn("--hours", given.hours ?? "24", 0.01, 24 * 365, false),
    faults: faults as SimulationSettings["faults"],
  };
}

function numberIn(option: string, text: string, least: number, most: number, isWhole: boolean): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  const isRight = value >= least && value <= most && (!isWhole || Number.isInteger(value));
  if (isRight) return value;
  const kind = isWhole ? "a whole number" : "a number";
  throw new CliError("USAGE", `${option} must be ${kind} from ${least} to ${most}, and "${text}" is not`);
}

/** The report as a person reads it. The same for the same settings: it says nothing of this machine. */
export function reportLines(report: SimulationReport): string[] {
  const { settings, roads, messages, pings, violations } = report;
  const { seed, nodes, hours, faults } = settings;
  const perNodeHour = (count: number): string => (count / nodes / hours).toFixed(1);
  const { settled, anyhow } = pings;
  return [
    `${nodes} nodes, ${roads.reliable} roads that lose nothing and ${roads.unreliable} that may, for ${hours} hours; seed ${seed}`,
    `Faults: ${faults.length === 0 ? "none" : faults.join(", ")}; ${report.departed} nodes left for good`,
    "",
    "Until all who can reach each other knew the same, in seconds:",
    ...convergenceLines(report),
    "",
    "Messages per node and hour:",
    `  routing updates ${perNodeHour(messages.routing)}, summaries ${perNodeHour(messages.summaries)}, signs of life ${perNodeHour(messages.signsOfLife)}, data ${perNodeHour(messages.data)}`,
    `  in all ${messages.routing + messages.summaries + messages.signsOfLife + messages.data} messages and ${report.events} events`,
    "",
    `Pings: ${settled.answered} of ${settled.sent} answered when settled, ${anyhow.answered} of ${anyhow.sent} while something was wrong`,
    `Examined ${report.checks} times, ${report.statements} statements`,
    `Violations: ${violations.length}`,
    ...violations.slice(0, 20).map(({ atSeconds, during, what }) => `  at ${atSeconds} s (${during}): ${what}`),
  ];
}

function convergenceLines({ convergence }: SimulationReport): string[] {
  const cell = (text: string): Cell => ({ text, alignRight: true });
  const head = [{ text: "  after" }, ...["times", "p50", "p95", "longest"].map(cell)];
  const rows = convergence.map(({ what, ms }) => {
    const sorted = [...ms].sort((a, b) => a - b);
    const seconds = (share: number): string =>
      ((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) / 1000).toFixed(1);
    return [{ text: `  ${what}` }, cell(String(ms.length)), cell(seconds(0.5)), cell(seconds(0.95)), cell(seconds(1))];
  });
  return tableLines([head, ...rows]);
}
