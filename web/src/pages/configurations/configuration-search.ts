/** The parts of a configuration's page. */
export const configurationTabs = ["workers", "versions", "edit"] as const;
export type ConfigurationTab = (typeof configurationTabs)[number];

/** What the address names: a part, and two versions to be compared. */
export interface ConfigurationSearch {
  readonly tab?: ConfigurationTab;
  readonly from?: number;
  readonly to?: number;
}

/** Of an address that somebody may have typed. */
export function configurationSearch({ tab, from, to }: Readonly<Record<string, unknown>>): ConfigurationSearch {
  const named = configurationTabs.find((one) => one === tab);
  const [first, second] = [versionIn(from), versionIn(to)];
  return {
    ...(named && { tab: named }),
    ...(first !== undefined && { from: first }),
    ...(second !== undefined && { to: second }),
  };
}

function versionIn(value: unknown): number | undefined {
  const number = Number(value);
  return value !== "" && Number.isSafeInteger(number) && number > 0 ? number : undefined;
}
