/** Letters of a name that a drawing has room for. */
export const longestLabel = 24;

/**
 * A name for a drawing: nodes name themselves, and may do so at any length, with characters that nobody sees or that turn
 * the text around them.
 */
export function nodeLabel(name: string): string {
  const letters = Array.from(name.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, "\u{fffd}"));
  return letters.length > longestLabel ? `${letters.slice(0, longestLabel - 1).join("")}…` : letters.join("");
}
