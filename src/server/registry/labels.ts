/** What people sort workers by; who may use a worker can depend on it. */
export type Labels = Readonly<Record<string, string>>;

/** Labels that mean something to the server: people with the right to give them do, and workers themselves never. */
const reserved = "farhand/";

/** Names the configuration that a worker is given (CAT-77). */
export const configLabel = "farhand/config";

/** What a worker may say of itself. */
export function ownLabels(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !name.startsWith(reserved)));
}

const maxLabels = 64;

/** What is wrong with labels, in words; undefined: nothing. */
export function labelsFault(labels: Labels): string | undefined {
  const entries = Object.entries(labels);
  if (entries.length > maxLabels) return `there are more than ${maxLabels}`;
  for (const [name, value] of entries) {
    if (!/^[A-Za-z0-9][\w./-]{0,62}$/.test(name)) return `${JSON.stringify(name.slice(0, 63))} is no name of a label`;
    if (typeof value !== "string" || value.length > 255) return `the value of ${name} is not a text of at most 255`;
  }
  return undefined;
}

/** As they are stored. */
export function parseLabels(text: string): Labels {
  return JSON.parse(text) as Labels;
}
