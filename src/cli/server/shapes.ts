import { CliError } from "../errors.ts";

/** An object of which nothing is known yet. */
export type Shape = Readonly<Record<string, unknown>>;

/** The object an answer should be. @throws {CliError} `ANSWER_INVALID` */
export function objectIn(value: unknown): Shape {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Shape;
  throw new CliError("ANSWER_INVALID", "the server answered with something that is no object");
}

/** The list in a field of an answer. @throws {CliError} `ANSWER_INVALID` */
export function listIn(value: unknown, field = "items"): Shape[] {
  const list = objectIn(value)[field];
  if (Array.isArray(list)) return list.map(objectIn);
  throw new CliError("ANSWER_INVALID", `the server answered without its list \`${field}\``);
}

/** The list that a field may be; none where it is no list. @throws {CliError} `ANSWER_INVALID` for members that are no objects */
export function listed(value: unknown): Shape[] {
  return Array.isArray(value) ? value.map(objectIn) : [];
}

/** A text of an answer. @throws {CliError} `ANSWER_INVALID` */
export function textIn(value: Shape, field: string): string {
  const text = value[field];
  if (typeof text === "string") return text;
  throw new CliError("ANSWER_INVALID", `the server answered without \`${field}\``);
}

/** A number, or undefined when it is none. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** A text, or undefined when it is none. */
export function stringOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
