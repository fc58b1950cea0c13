/** Ports as somebody writes them: `22,80,1000-1010`. */
export const portsPattern = /^\d{1,5}(-\d{1,5})?(,\d{1,5}(-\d{1,5})?)*$/;

/** The ports of such a text, in ascending order and each once; undefined when one of them is none, or a range goes backwards. */
export function portsOf(text: string): number[] | undefined {
  if (!portsPattern.test(text)) return undefined;
  const ports = new Set<number>();
  for (const part of text.split(",")) {
    const [from = 0, to = from] = part.split("-").map(Number);
    if (from < 1 || to > 65_535 || from > to) return undefined;
    for (let port = from; port <= to; port++) ports.add(port);
  }
  return [...ports].sort((a, b) => a - b);
}
