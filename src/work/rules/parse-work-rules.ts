import { errorText } from "#core";
import { textMatch } from "#mesh";
import { WorkError } from "../errors.ts";
import { ruledCommands, type WorkAttempt, type WorkRule, WorkRules } from "./work-rules.ts";

/** Keys of a rule beside `action`, and the only texts allowed where there are such. */
const fieldOfKey: ReadonlyMap<string, { field: keyof WorkAttempt; words?: readonly string[] }> = new Map([
  ["from", { field: "from", words: ["unix", "tcp", "tls", "mesh"] }],
  ["fromnode", { field: "fromNode" }],
  ["tonode", { field: "toNode" }],
  ["worktype", { field: "workType" }],
  ["command", { field: "command", words: ruledCommands }],
] as const);

/**
 * Rules as the settings have them. What looks like a slip is refused: a rule that never matches protects nothing.
 *
 * @throws {WorkError} `WORK_RULE_INVALID`; the message begins with `error in rule <n>: <key> `, counted from 1.
 */
export function parseWorkRules(list: readonly Readonly<Record<string, unknown>>[]): WorkRules {
  return new WorkRules(
    list.map((written, index) => {
      try {
        return parseRule(textsOf(written));
      } catch (error) {
        const message = `error in rule ${index + 1}: ${errorText(error)}`;
        throw new WorkError("WORK_RULE_INVALID", message, { cause: error });
      }
    }),
  );
}

/** By lower-case key. */
function textsOf(written: Readonly<Record<string, unknown>>): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [name, value] of Object.entries(written)) {
    const key = name.toLowerCase();
    if (key !== "action" && !fieldOfKey.has(key)) throw new Error(`${name} is no key of a rule; keys are ${keys()}`);
    if (typeof value !== "string") throw new Error(`${key} must be a string`);
    if (texts.has(key)) throw new Error(`${key} is given twice`);
    texts.set(key, value);
  }
  return texts;
}

function parseRule(texts: ReadonlyMap<string, string>): WorkRule {
  const matches = new Map<keyof WorkAttempt, (text: string) => boolean>();
  for (const [key, text] of texts) {
    const { field, words } = fieldOfKey.get(key) ?? {};
    if (field) matches.set(field, parseMatch(key, text, words));
  }
  checkRoad(texts, matches);
  return { action: parseAction(texts.get("action")), matches };
}

function parseAction(text: string | undefined): WorkRule["action"] {
  if (text === undefined) throw new Error("action is missing");
  const action = text.toLowerCase();
  if (action === "accept" || action === "reject") return action;
  throw new Error(`action must be accept or reject, not ${JSON.stringify(text)}`);
}

function parseMatch(key: string, text: string, words: readonly string[] | undefined): (text: string) => boolean {
  if (words && !text.startsWith("/")) {
    const word = text.toLowerCase();
    if (words.includes(word)) return (given) => given === word;
    throw new Error(`${key} must be one of ${words.join(", ")}, not ${JSON.stringify(text)}`);
  }
  try {
    return textMatch(text);
  } catch (error) {
    throw new Error(`${key} is ${errorText(error)}`, { cause: error });
  }
}

/** Sessions over the mesh come from a node, all others from none. */
function checkRoad(texts: ReadonlyMap<string, string>, matches: WorkRule["matches"]): void {
  const matchesRoad = matches.get("from");
  const isMesh = matchesRoad?.("mesh") ?? true;
  const isOther = ["unix", "tcp", "tls"].some((road) => matchesRoad?.(road) ?? true);
  if (matchesRoad && !isMesh && !isOther) throw new Error("from matches no road");
  if (texts.get("fromnode") === "" && !isOther)
    throw new Error("fromnode is empty, and a session over the mesh has one");
  if (!isMesh && matches.get("fromNode")?.("") === false)
    throw new Error("fromnode is given, and only a session over the mesh has one");
}

function keys(): string {
  return ["action", ...fieldOfKey.keys()].join(", ");
}
