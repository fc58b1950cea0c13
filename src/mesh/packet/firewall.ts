import { errorText } from "#core";
import { MeshError } from "../errors.ts";
import type { DataMessage } from "./data-message.ts";
import { textMatch } from "./pattern/text-match.ts";

/** What becomes of a data message; `reject` tells its sender. */
export type FirewallAction = "accept" | "reject" | "drop";

/** The way of a data message. Fields are read only as far as some rule asks for them. */
export interface Passage {
  readonly fromNode: string;
  readonly toNode: string;
  readonly fromService: string;
  readonly toService: string;
}

/** The way of a received message, its service names read when a rule asks for them: what a relay hands to {@link decide}. */
export class DataPassage implements Passage {
  readonly fromNode: string;
  readonly toNode: string;
  readonly #data: DataMessage;

  constructor(fromNode: string, toNode: string, data: DataMessage) {
    this.fromNode = fromNode;
    this.toNode = toNode;
    this.#data = data;
  }

  get fromService(): string {
    return this.#data.fromService;
  }

  get toService(): string {
    return this.#data.toService;
  }
}

interface Rule {
  readonly action: FirewallAction;
  readonly matches: ReadonlyMap<keyof Passage, (text: string) => boolean>;
}

const fieldOfKey: ReadonlyMap<string, keyof Passage> = new Map([
  ["fromnode", "fromNode"],
  ["tonode", "toNode"],
  ["fromservice", "fromService"],
  ["toservice", "toService"],
]);
const actions: readonly FirewallAction[] = ["accept", "reject", "drop"];
const maxRemembered = 10_000;

/**
 * Rules as the settings have them (spec §3.10).
 *
 * @throws {MeshError} `RULE_INVALID`; the message begins with `error in rule <n>: `, counted from 1.
 */
export function parseFirewallRules(list: readonly Readonly<Record<string, unknown>>[]): FirewallRules {
  return new FirewallRules(
    list.map((written, index) => {
      try {
        return parseRule(written);
      } catch (error) {
        throw new MeshError("RULE_INVALID", `error in rule ${index + 1}: ${errorText(error)}`);
      }
    }),
  );
}

/** What the first rule says that matches; without one the message is accepted. */
export function decide(rules: FirewallRules, passage: Passage): FirewallAction {
  return rules.decide(passage);
}

/** Rules ready for use, and the decisions they took lately: a relay looks most of its messages up. */
export class FirewallRules {
  readonly #rules: readonly Rule[];
  readonly #readsServices: boolean;
  readonly #remembered = new Map<string, Map<string, Map<string, FirewallAction>>>();
  #rememberedCount = 0;

  /** See {@link parseFirewallRules}. */
  constructor(rules: readonly Rule[]) {
    this.#rules = rules;
    this.#readsServices = rules.some(({ matches }) => matches.has("fromService") || matches.has("toService"));
  }

  /** See the function {@link decide}. */
  decide(passage: Passage): FirewallAction {
    if (this.#rules.length === 0) return "accept";
    const services = this.#readsServices ? servicesKey(passage) : "";
    const known = this.#remembered.get(passage.fromNode)?.get(passage.toNode)?.get(services);
    if (known) return known;
    const action = this.#rules.find((rule) => isMatch(rule, passage))?.action ?? "accept";
    this.#remember(passage, services, action);
    return action;
  }

  #remember({ fromNode, toNode }: Passage, services: string, action: FirewallAction): void {
    if (++this.#rememberedCount > maxRemembered) {
      this.#remembered.clear();
      this.#rememberedCount = 1;
    }
    const ofSender = this.#remembered.get(fromNode) ?? new Map<string, Map<string, FirewallAction>>();
    const ofPair = ofSender.get(toNode) ?? new Map<string, FirewallAction>();
    this.#remembered.set(fromNode, ofSender.set(toNode, ofPair.set(services, action)));
  }
}

/** With the length, for a name may hold any byte: no two pairs of names may have one key. */
function servicesKey({ fromService, toService }: Passage): string {
  return `${fromService.length} ${fromService}${toService}`;
}

function isMatch({ matches }: Rule, passage: Passage): boolean {
  for (const [field, matchesText] of matches) if (!matchesText(passage[field])) return false;
  return true;
}

function parseRule(written: Readonly<Record<string, unknown>>): Rule {
  const matches = new Map<keyof Passage, (text: string) => boolean>();
  let action = "";
  for (const [key, value] of Object.entries(written)) {
    const field = fieldOfKey.get(key.toLowerCase());
    const isAction = key.toLowerCase() === "action";
    if (!field && !isAction) throw new Error(`invalid firewall rule. unknown key ${key}; keys are ${keys()}`);
    if (typeof value !== "string") throw new Error(`invalid firewall rule. ${key} must be a string`);
    if (field) matches.set(field, parseMatch(key, value));
    else action = value;
  }
  const known = actions.find((each) => each === action.toLowerCase());
  if (!known) throw new Error(`unknown action: ${action}`);
  return { action: known, matches };
}

function parseMatch(key: string, value: string): (text: string) => boolean {
  try {
    return textMatch(value);
  } catch (error) {
    throw new Error(`invalid firewall rule. ${key} is ${errorText(error)}`, { cause: error });
  }
}

function keys(): string {
  return ["action", ...fieldOfKey.keys()].join(", ");
}
