import type { Position } from "./directive.ts";

/** A value of a settings document, however it was written (YAML, JSON in a text, a word of the command line). */
export type DocumentNode = ScalarNode | ListNode | MapNode;

/** Whole numbers are bigint, so that `1` and `1.0` differ and large ones stay exact. */
export interface ScalarNode {
  readonly kind: "scalar";
  readonly value: string | bigint | number | boolean | null;
  readonly at?: Position | undefined;
}

export interface ListNode {
  readonly kind: "list";
  readonly items: readonly DocumentNode[];
  readonly at?: Position | undefined;
}

/** Keys are as written and occur once. */
export interface MapNode {
  readonly kind: "map";
  readonly entries: readonly MapEntry[];
  readonly at?: Position | undefined;
}

export interface MapEntry {
  readonly key: string;
  readonly at?: Position | undefined;
  readonly value: DocumentNode;
}

/** Deeper nesting is refused: no settings need it, and it is how a small file makes a parser eat the machine. */
export const deepest = 64;

/** The node as plain data. */
export function plainOf(node: DocumentNode): unknown {
  switch (node.kind) {
    case "scalar":
      // Minus zero would not survive being written down.
      return typeof node.value === "bigint" ? Number(node.value) : node.value === 0 ? 0 : node.value;
    case "list":
      return node.items.map(plainOf);
    case "map":
      return Object.fromEntries(node.entries.map(({ key, value }) => [key, plainOf(value)]));
  }
}

/** Plain JSON data as a node; undefined when it is nested too deeply. */
export function nodeOf(value: unknown, depth = 0): DocumentNode | undefined {
  if (depth > deepest) return undefined;
  if (Array.isArray(value)) {
    const items = value.map((item) => nodeOf(item, depth + 1));
    return items.every((item) => item !== undefined) ? { kind: "list", items } : undefined;
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([key, item]) => ({ key, value: nodeOf(item, depth + 1) }));
    return entries.every(isWhole) ? { kind: "map", entries } : undefined;
  }
  return { kind: "scalar", value: scalarOf(value) };
}

function isWhole(entry: { key: string; value: DocumentNode | undefined }): entry is MapEntry {
  return entry.value !== undefined;
}

function scalarOf(value: unknown): ScalarNode["value"] {
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : value;
  return typeof value === "string" || typeof value === "boolean" ? value : null;
}
