/**
 * Labels as a person types them: `region=eu, tier=db`.
 *
 * @returns null when nothing is there, which is every worker. @throws {Error} that names what is no label.
 */
export function labelsIn(text: string): Readonly<Record<string, string>> | null {
  const pairs = text
    .split(/[\s,]+/)
    .filter((one) => one !== "")
    .map((one) => {
      const at = one.indexOf("=");
      // Without its value a restriction would be taken for none.
      if (at < 1) throw new Error(`${one} is no label: write NAME=VALUE, such as region=eu`);
      return [one.slice(0, at), one.slice(at + 1)] as const;
    });
  return pairs.length === 0 ? null : Object.fromEntries(pairs);
}

/** The same the other way. */
export const labelText = (labels: Readonly<Record<string, string>> | null): string =>
  Object.entries(labels ?? {})
    .map((pair) => pair.join("="))
    .join(", ");
