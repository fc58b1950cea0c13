import { exitOfStatus, FarhandError } from "#core";
import { oneLine } from "../quantities.ts";

/** What the server refused, in its own words (`application/problem+json`). */
export class ServerProblem extends FarhandError {
  override readonly name = "ServerProblem";
  /** The whole document: some problems say more than a code, such as the differences of a conflict. */
  readonly document: Readonly<Record<string, unknown>>;

  constructor(status: number, document: Readonly<Record<string, unknown>>) {
    const code = typeof document["code"] === "string" ? oneLine(document["code"]).slice(0, 64) : `HTTP_${status}`;
    super(code, { status, exit: exitOfStatus(status), meaning: "" }, textOf(status, document));
    this.document = document;
  }
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
