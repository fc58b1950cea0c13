import { ServerProblem } from "./problem.ts";

/** The server's last word on a WebSocket may be why it ends: `{problem}` in a text message. @throws {ServerProblem} */
export function throwProblemIn(data: Buffer): void {
  const { problem } = objectIn(data);
  if (typeof problem !== "object" || problem === null) return;
  const document = problem as Readonly<Record<string, unknown>>;
  throw new ServerProblem(Number(document["status"]) || 500, document);
}

/** A text message as an object, without keys when it is none. */
export function objectIn(data: Buffer): Readonly<Record<string, unknown>> {
  try {
    return { ...(JSON.parse(data.toString()) as object) };
  } catch {
    return {};
  }
}
