import type { ProbeLine } from "#tools/wire";

/** How long a part of a probe took, over its attempts, milliseconds. */
export interface ProbeTime {
  readonly name: string;
  readonly best: number;
  readonly average: number;
  readonly worst: number;
}

/** Fields of an attempt that are times, in the order in which they come about (docs/wire/tool-results.md). */
const parts = [
  ["ms", "there and back"],
  ["connectMs", "connect"],
  ["tlsMs", "TLS"],
  ["answerMs", "answer"],
  ["firstByteMs", "first byte"],
  ["totalMs", "all of it"],
] as const;

/** The times that attempts tell. */
export function timesOf(lines: readonly ProbeLine[]): readonly ProbeTime[] {
  return parts.flatMap(([field, name]): ProbeTime[] => {
    const told = lines.map((line) => line[field]).filter((value) => typeof value === "number");
    if (told.length === 0) return [];
    const average = told.reduce((sum, value) => sum + value, 0) / told.length;
    return [{ name, best: Math.min(...told), average, worst: Math.max(...told) }];
  });
}

/** What else of the last attempt people want to see: where it went, what was answered. */
export function foundIn(lines: readonly ProbeLine[]): string {
  const { address, server, status, code, protocol, daysLeft, answers } = lines.at(-1) ?? ({} as ProbeLine);
  const plain = [address ?? server, status, code, protocol].filter((one) => ["string", "number"].includes(typeof one));
  const days = typeof daysLeft === "number" ? [`${daysLeft} days left`] : [];
  return [...plain.map(String), ...days, ...dataOf(answers)].join(", ");
}

const mostAnswers = 4;

function dataOf(answers: ProbeLine[string] | undefined): string[] {
  if (!Array.isArray(answers)) return [];
  const told = (answers as readonly ProbeLine[string][]).flatMap((one): string[] => {
    const data = typeof one === "object" && one !== null && "data" in one ? one.data : undefined;
    return typeof data === "string" ? [data] : [];
  });
  return told.length > mostAnswers ? [...told.slice(0, mostAnswers), "…"] : told;
}
