import type { PingAnswer } from "./ping-lines.ts";

/**
 * A line of `traceroute -f 64 -m 64`: `64  10.0.0.1  0.05 ms 0.04 ms *`, of which only what the target itself answered counts: a
 * router on the way that says it cannot be reached is no answer.
 */
export function readTracerouteAnswer(line: string, address: string): PingAnswer[] {
  const [hop = "", ...words] = line.trim().split(/\s+/);
  if (!/^\d{1,3}$/.test(hop)) return [];
  let from = "";
  const answers: PingAnswer[] = [];
  for (const [at, word] of words.entries()) {
    if (word === "*") answers.push({ ms: undefined });
    else if (/^\d+(\.\d+)?$/.test(word) && words[at + 1] === "ms") {
      const isRefused = words[at + 2]?.startsWith("!") ?? false;
      answers.push({ ms: from === address && !isRefused ? Number(word) : undefined });
    } else if (word !== "ms" && !word.startsWith("!")) from = word;
  }
  return answers;
}
