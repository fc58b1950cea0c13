/** The parts of a worker's page. */
export const workerTabs = ["health", "units", "configuration", "connection", "findings", "about"] as const;
export type WorkerTab = (typeof workerTabs)[number];

/** Which of them the address names. */
export function workerSearch({ tab }: Readonly<Record<string, unknown>>): { readonly tab?: WorkerTab } {
  const named = workerTabs.find((one) => one === tab);
  return named ? { tab: named } : {};
}
