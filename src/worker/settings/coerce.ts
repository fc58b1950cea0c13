import { formatGoDuration, parseGoDuration, parseSize } from "#core";
import { type DocumentNode, nodeOf, plainOf } from "./document.ts";
import type { Field, FieldType, FieldValues } from "./field.ts";
import { booleanIn, floatIn, integerIn, textOf } from "./scalars.ts";

/** Why a value does not fit its field. */
export class Misfit {
  readonly message: string;
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    this.message = message;
    this.hint = hint;
  }
}

/**
 * The typed value of a field, however it was written: numbers become text, text becomes numbers, JSON in a text becomes a
 * list or a map. Source: Receptor specification §5.2.
 */
export function coerce(field: Field, node: DocumentNode): FieldValues[FieldType] | Misfit {
  const isNull = node.kind === "scalar" && node.value === null;
  if (isNull && !collections.has(field.type))
    return new Misfit("value cannot be nil", "give a value or remove the key");
  return readers[field.type](node, field);
}

const collections: ReadonlySet<FieldType> = new Set(["texts", "floats", "map", "maps"]);

type Reader<T extends FieldType> = (node: DocumentNode, field: Field) => FieldValues[T] | Misfit;

const readers: { readonly [T in FieldType]: Reader<T> } = {
  text: readText,
  integer: (node, field) => inRange(readInteger(node), field),
  float: readFloat,
  boolean: readBoolean,
  texts: readTexts,
  floats: readFloats,
  map: readMap,
  maps: readMaps,
  duration: readDuration,
  permissions: readPermissions,
  size: readSize,
};

function expected(type: string, hint?: string): Misfit {
  return new Misfit(`type error (expected ${type})`, hint);
}

function readText(node: DocumentNode, field: Field): string | Misfit {
  const text = readPlainText(node);
  if (field.values === undefined || text instanceof Misfit) return text;
  const known = field.values.find((value) => value === text.toLowerCase());
  const fault = field.invalid ?? ((written) => `${written} is not one of the values allowed`);
  return known ?? new Misfit(fault(text), `use one of ${field.values.join(", ")}`);
}

function readPlainText(node: DocumentNode): string | Misfit {
  return node.kind === "scalar" && node.value !== null ? textOf(node.value) : expected("text");
}

function readInteger(node: DocumentNode): number | Misfit {
  const value = node.kind === "scalar" ? node.value : undefined;
  const whole = typeof value === "string" ? integerIn(value) : value;
  const number = typeof whole === "bigint" ? Number(whole) : whole;
  if (typeof number !== "number" || !Number.isSafeInteger(number)) return expected("integer");
  return number === 0 ? 0 : number;
}

function inRange(value: number | Misfit, { min, max }: Field): number | Misfit {
  if (value instanceof Misfit) return value;
  if (min !== undefined && value < min) return new Misfit(`${value} is too small`, `the smallest value is ${min}`);
  if (max !== undefined && value > max) return new Misfit(`${value} is too large`, `the largest value is ${max}`);
  return value;
}

function readFloat(node: DocumentNode): number | Misfit {
  const value = node.kind === "scalar" ? node.value : undefined;
  const number = typeof value === "string" ? floatIn(value) : typeof value === "bigint" ? Number(value) : value;
  if (typeof number !== "number" || !Number.isFinite(number)) return expected("float");
  return number === 0 ? 0 : number;
}

function readBoolean(node: DocumentNode): boolean | Misfit {
  const value = node.kind === "scalar" ? node.value : undefined;
  const answer = typeof value === "string" ? booleanIn(value) : value;
  return typeof answer === "boolean" ? answer : expected("boolean", "write true or false");
}

function readTexts(written: DocumentNode): readonly string[] | Misfit {
  if (written.kind === "scalar" && typeof written.value === "string" && !written.value.startsWith("[")) {
    return [written.value];
  }
  const node = fromJson(written, "[");
  if (isNothing(node)) return [];
  if (node?.kind !== "list") return expected("list of text");
  const items: string[] = [];
  for (const item of node.items) {
    const text = readPlainText(item);
    if (text instanceof Misfit) return expected("list of text");
    items.push(text);
  }
  return items;
}

function readFloats(written: DocumentNode): Readonly<Record<string, number>> | Misfit {
  const node = fromJson(written, "{");
  if (isNothing(node)) return {};
  if (node?.kind !== "map") return expected("map of float");
  const entries: [string, number][] = [];
  for (const { key, value } of node.entries) {
    // Unlike elsewhere, a number written as text is refused here.
    const isText = value.kind === "scalar" && typeof value.value === "string";
    const number = isText ? undefined : readFloat(value);
    if (typeof number !== "number") return expected("map of float", `${key} must have a number`);
    entries.push([key, number]);
  }
  return Object.fromEntries(entries);
}

function readMap(written: DocumentNode): Readonly<Record<string, unknown>> | Misfit {
  const node = fromJson(written, "{");
  if (isNothing(node)) return {};
  return node?.kind === "map" ? (plainOf(node) as Record<string, unknown>) : expected("map");
}

function readMaps(written: DocumentNode): readonly Readonly<Record<string, unknown>>[] | Misfit {
  const node = fromJson(written, "[");
  if (isNothing(node)) return [];
  if (node?.kind !== "list" || !node.items.every((item) => item.kind === "map")) return expected("list of maps");
  return node.items.map((item) => plainOf(item) as Record<string, unknown>);
}

function readDuration(node: DocumentNode, field: Field): number | Misfit {
  const text = readPlainText(node);
  if (text instanceof Misfit) return text;
  const ns = parseGoDuration(text);
  const fault = field.invalid ?? ((written) => `${written} is not a duration`);
  if (ns === undefined) return new Misfit(fault(text), field.invalid ? undefined : "write it like 1.5h, 30m or 30m10s");
  const ms = Number(ns) / 1e6;
  if (field.min !== undefined && ms < field.min) {
    return new Misfit(`${text} is too short`, `the shortest is ${formatGoDuration(field.min * 1e6)}`);
  }
  return ms;
}

function readPermissions(node: DocumentNode): number | Misfit {
  const bits = readInteger(node);
  if (typeof bits !== "number" || (bits >= 0 && bits <= 0o777)) return bits;
  return new Misfit(`permissions ${bits} are out of range`, "write them in octal with a leading 0, like 0660");
}

function readSize(node: DocumentNode): number | Misfit {
  const text = readPlainText(node);
  if (text instanceof Misfit) return text;
  return parseSize(text) ?? new Misfit(`${text} is not a size`, "write it like 1GiB, 500MB or 4096");
}

function isNothing(node: DocumentNode | undefined): boolean {
  return node?.kind === "scalar" && node.value === null;
}

/** The node, or what stands in it when it is a text of JSON; undefined when that JSON is broken. */
function fromJson(node: DocumentNode, start: "[" | "{"): DocumentNode | undefined {
  if (node.kind !== "scalar" || typeof node.value !== "string" || !node.value.startsWith(start)) return node;
  try {
    return nodeOf(JSON.parse(node.value));
  } catch {
    return undefined;
  }
}
