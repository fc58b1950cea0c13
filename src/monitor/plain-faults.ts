/** What a checker of settings says of a bad value. */
export interface Issue {
  readonly code?: string | undefined;
  readonly expected?: unknown;
  readonly values?: unknown;
  readonly origin?: unknown;
  readonly minimum?: unknown;
  readonly maximum?: unknown;
}

const kinds = new Map<unknown, string>([
  ["string", "text"],
  ["number", "a number"],
  ["int", "a whole number"],
  ["boolean", "true or false"],
  ["array", "a list"],
  ["object", "keys with their values"],
]);

/** What a value must be, in plain words; undefined leaves it to the words of the key itself. */
export function plainFault(issue: Issue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return kinds.has(issue.expected) ? `must be ${kinds.get(issue.expected)}` : undefined;
    case "invalid_value":
      return Array.isArray(issue.values) ? `must be one of ${issue.values.join(", ")}` : undefined;
    case "too_small":
      return issue.origin === "string" ? "must not be empty" : `must be at least ${String(issue.minimum)}`;
    case "too_big":
      return `must be at most ${String(issue.maximum)}`;
    default:
      return undefined;
  }
}
