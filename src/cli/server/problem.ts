import { FarhandError } from "#core";
import { oneLine } from "../quantities.ts";

/** What the server refused, in its own words (`application/problem+json`). */
export class ServerProblem extends FarhandError {
  override readonly name = "ServerProblem";
  /** The whole document: some problems say more than a code, such as the differences of a conflict. */
  readonly document: Readonly<Record<string, unknown>>;

  constructor(status: number, document: Readonly<Record<string, unknown>>) {
    const code = typeof document["code"] === "string" ? oneLine(document["code"]).slice(0, 64) : `HTTP_${status}`;
    super(code, { status, exit: exitOf(status), meaning: "" }, textOf(status, document));
    this.document = document;
  }
}

const exits: Readonly<Record<number, number>> = { 401: 4, 403: 4, 404: 4, 409: 6, 412: 6, 429: 4, 499: 130 };

/** Exit code by HTTP status, as the tables of the errors pair them. */
function exitOf(status: number): number {
  if (status >= 500) return status === 500 ? 1 : 5;
  return exits[status] ?? 2;
}

/** What was refused, where, and who can change that, as far as the server says. */
function textOf(status: number, { detail, title, errors, rule, change }: Readonly<Record<string, unknown>>): string {
  const places = Array.isArray(errors) ? errors.slice(0, 20).map(placeText) : [];
  const said = [detail, title].find((text): text is string => typeof text === "string" && text !== "");
  const first = places.length > 0 ? "the server does not take that" : (said ?? `the server answered ${status}`);
  const lines = [first, ...places];
  if (typeof rule === "string") lines.push(`by the rule ${rule}`);
  if (typeof change === "string") lines.push(`who can change that: ${change}`);
  return lines.map((line) => oneLine(line).slice(0, 1_000)).join("\n");
}

function placeText(fault: unknown): string {
  if (typeof fault !== "object" || fault === null) return String(fault);
  const { path, message } = fault as { path?: unknown; message?: unknown };
  const place = Array.isArray(path) ? path.join(".") : path;
  return typeof place === "string" && place !== "" ? `${place}: ${String(message)}` : String(message);
}
