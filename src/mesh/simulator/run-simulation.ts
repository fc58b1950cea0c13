import type { SimulationOptions, SimulationReport, SimulationSettings } from "./simulate.ts";

export type { SimulationReport, SimulationSettings } from "./simulate.ts";

/** Run a mesh for hours of its own time (design §4.2). Loaded when it is used: a daemon never does. */
export async function runSimulation(
  settings: SimulationSettings,
  options: SimulationOptions = {},
): Promise<SimulationReport> {
  const { simulate } = await import("./simulate.ts");
  return simulate(settings, options);
}

/** The kinds of faults there are. */
export async function simulatedFaults(): Promise<readonly string[]> {
  const { faultKinds } = await import("./faults.ts");
  return faultKinds;
}
