import { CliError } from "../errors.ts";

/** Labels of `--label k=v`, as often as given; `remedy` is that of another option. @throws {CliError} `USAGE` */
export function labelsOf(pairs: readonly string[] = [], remedy = "write --label NAME=VALUE"): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
      if (name !== undefined && value !== undefined) return [name, value];
      throw new CliError("USAGE", `"${pair}" is no label`, { remedy });
    }),
  );
}

/** `site=brno,rack=4`, or `-`. */
export function labelsText(labels: unknown): string {
  const pairs = typeof labels === "object" && labels !== null ? Object.entries(labels) : [];
  return pairs.map(([name, value]) => `${name}=${String(value)}`).join(",") || "-";
}

/** Milliseconds of `90m`, `12h` or `30d`. @throws {CliError} `USAGE` */
export function lifeOf(text: string): number {
  const [, number = "", unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const ms = Number(number) * ({ s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit] ?? Number.NaN);
  if (ms > 0) return ms;
  throw new CliError("USAGE", `"${text}" is no length of time`, { remedy: "write a number and s, m, h or d: 12h" });
}
