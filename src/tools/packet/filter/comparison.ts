import { addressTest } from "./addresses.ts";
import type { FieldKind } from "./fields.ts";

export const operators = ["==", "!=", ">", "<", ">=", "<=", "contains"] as const;
export type Operator = (typeof operators)[number];

type Test = (value: string) => boolean;

/** The test of one value; a text instead says why there is none. `!=` is the opposite of `==`, for whoever asks. */
export function comparison(kind: FieldKind, operator: Operator, wanted: string): Test | string {
  if (operator === "contains") {
    return (value) => value.includes(wanted);
  }
  if (kind === "number") return numberTest(operator, wanted);
  if (operator !== "==" && operator !== "!=") return `${operator} is for numbers`;
  if (kind === "address")
    return addressTest(wanted) ?? `${shown(wanted)} is no address or network, as 10.0.0.1 or 10.0.0.0/8`;
  const text = kind === "hardware" ? wanted.toLowerCase() : wanted;
  return (value) => value === text;
}

function numberTest(operator: Exclude<Operator, "contains">, wanted: string): Test | string {
  if (!/^(?:\d{1,15}|0x[\da-f]{1,12})$/i.test(wanted)) return `${shown(wanted)} is no number, as 443 or 0x1bb`;
  const number = Number(wanted);
  const holds = comparisons[operator];
  return (value) => {
    const said = numberIn(value);
    return said !== undefined && holds(said, number);
  };
}

const comparisons: Readonly<Record<Exclude<Operator, "contains">, (said: number, wanted: number) => boolean>> = {
  "==": (said, wanted) => said === wanted,
  "!=": (said, wanted) => said === wanted,
  ">": (said, wanted) => said > wanted,
  "<": (said, wanted) => said < wanted,
  ">=": (said, wanted) => said >= wanted,
  "<=": (said, wanted) => said <= wanted,
};

/** As fields show it: `IPv6 (34525)`, `0x1f`, `20 bytes`. */
function numberIn(text: string): number | undefined {
  const digits = /\((\d+)\)$/.exec(text)?.[1] ?? /^(?:0x[\da-f]+|\d+)/i.exec(text)?.[0];
  return digits === undefined ? undefined : Number(digits);
}

const shown = (text: string): string => JSON.stringify(text.slice(0, 60));
