import {
  type Alias,
  Composer,
  type CST,
  Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  Parser,
  type Pair,
  Scalar,
  type Tags,
  visit,
  type YAMLMap,
} from "yaml";
import type { Position } from "./directive.ts";
import { deepest, type DocumentNode, type MapEntry } from "./document.ts";
import type { Faults } from "./faults.ts";

/** More nodes than this come only from aliases that multiply each other. */
const mostNodes = 100_000;

// Receptor takes dates as text, and the collection kinds of YAML 1.1 mean nothing in settings. Merging (`<<`) is done below.
const unwanted = /:(binary|merge|omap|pairs|set|timestamp)$/;

const dialect = {
  version: "1.1",
  // Duplicates are found below; the library compares every key with every other.
  uniqueKeys: false,
  intAsBigInt: true,
  logLevel: "silent",
  customTags: (tags: Tags) => tags.filter((tag) => typeof tag === "string" || !unwanted.test(tag.tag)),
} as const;

/** How a text is read. */
export interface YamlOptions {
  /** Refuse anchors, aliases, tags and merge keys: what is written is all there is. */
  readonly plain?: boolean;
}

/**
 * Read one YAML 1.1 document, keeping positions. Faults of the text are noted and undefined is given; so it is for a
 * document without content, without a fault.
 *
 * The only file that knows the YAML library. Source: Receptor specification §5.1.
 */
export function readYaml(
  text: string,
  file: string,
  faults: Faults,
  options: YamlOptions = {},
): DocumentNode | undefined {
  const lines = new LineCounter();
  const reader = new YamlReader(file, lines, faults, options);
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  // The composer calls itself for each level, so depth is looked at before.
  const tooDeep = tokens.find((token) => depthOf(token) > deepest * 2);
  if (tooDeep) {
    reader.fault(`nested more than ${deepest} levels deep`, tooDeep.offset);
    return undefined;
  }
  for (const document of new Composer(dialect).compose(tokens)) {
    if (document.errors.length > 0) {
      for (const error of document.errors) reader.fault(error.message, error.pos[0]);
      return undefined;
    }
    reader.document(document.contents);
  }
  return reader.result;
}

class YamlReader {
  result: DocumentNode | undefined;
  readonly #plain: boolean;
  readonly #file: string;
  readonly #lines: LineCounter;
  readonly #faults: Faults;
  readonly #anchors = new Map<string, Node>();
  /** Nodes with an anchor that are being read, to notice one that holds itself. */
  readonly #open = new Set<Node>();
  #nodes = 0;
  #broken = false;

  constructor(file: string, lines: LineCounter, faults: Faults, { plain = false }: YamlOptions) {
    this.#plain = plain;
    this.#file = file;
    this.#lines = lines;
    this.#faults = faults;
  }

  document(contents: Node | null): void {
    if (isBlank(contents)) return;
    if (this.result !== undefined) {
      return this.fault("the file holds several documents", contents?.range?.[0], "put each into a file of its own");
    }
    this.#anchors.clear();
    const node = this.#read(contents, 0);
    this.result = this.#broken ? undefined : node;
  }

  fault(message: string, offset: number | undefined, hint?: string): void {
    this.#broken = true;
    this.result = undefined;
    this.#faults.add({
      message: `error loading config file: ${message}`,
      file: this.#file,
      ...this.#at(offset),
      ...(hint === undefined ? {} : { hint }),
    });
  }

  #read(node: Node | null, depth: number): DocumentNode {
    const at = this.#at(node?.range?.[0]);
    if (node === null || this.#isTooMuch(node, depth)) return { kind: "scalar", value: null, at };
    if (this.#plain && (isAlias(node) || node.anchor !== undefined || node.tag !== undefined)) {
      this.fault("anchors, aliases and tags are not taken here", node.range?.[0], "write the value itself");
      return { kind: "scalar", value: null, at };
    }
    if (isAlias(node)) return this.#readAlias(node, depth);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    this.#open.add(node);
    try {
      if (isScalar(node)) return { kind: "scalar", value: scalarValue(node), at };
      if (isMap(node))
        return { kind: "map", entries: this.#readEntries(node as YAMLMap<Node, Node | null>, depth), at };
      if (isSeq(node))
        return { kind: "list", items: node.items.map((item) => this.#read(item as Node, depth + 1)), at };
      return { kind: "scalar", value: null, at };
    } finally {
      this.#open.delete(node);
    }
  }

  #isTooMuch(node: Node, depth: number): boolean {
    if (this.#broken) return true;
    if (depth > deepest) this.fault(`nested more than ${deepest} levels deep`, node.range?.[0]);
    else if (++this.#nodes > mostNodes) this.fault("too many values; aliases multiply them", node.range?.[0]);
    return this.#broken;
  }

  #readAlias(alias: Alias, depth: number): DocumentNode {
    const target = this.#anchors.get(alias.source);
    const offset = alias.range?.[0];
    if (target !== undefined && !this.#open.has(target)) return this.#read(target, depth + 1);
    this.fault(target ? `*${alias.source} holds itself` : `no &${alias.source} stands before *${alias.source}`, offset);
    return { kind: "scalar", value: null };
  }

  #readEntries(map: YAMLMap<Node, Node | null>, depth: number): MapEntry[] {
    const entries = new Map<string, MapEntry>();
    const merged: MapEntry[] = [];
    for (const pair of map.items) {
      const key = this.#readKey(pair, map);
      if (key === undefined) continue;
      const value = this.#read(pair.value, depth + 1);
      if (key === "<<" && value.kind !== "scalar" && !this.#plain) merged.push(...mergeable(value));
      else if (entries.has(key)) this.fault(`duplicate key ${JSON.stringify(key)}`, pair.key.range?.[0]);
      else entries.set(key, { key, at: this.#at(pair.key.range?.[0]), value });
    }
    for (const entry of merged) if (!entries.has(entry.key)) entries.set(entry.key, entry);
    return [...entries.values()];
  }

  /** A key is taken as written: `on:` and `1:` are names like any other. */
  #readKey({ key }: Pair<Node, Node | null>, map: YAMLMap<Node, Node | null>): string | undefined {
    if (isScalar(key)) return key.source ?? String(key.value);
    this.fault("a key must be a plain word", key?.range?.[0] ?? map.range?.[0]);
    return undefined;
  }

  #at(offset: number | undefined): Position | undefined {
    if (offset === undefined) return undefined;
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }
}

function isBlank(contents: Node | null): boolean {
  return contents === null || (isScalar(contents) && contents.value === null && !contents.source);
}

function scalarValue({ value, source }: Scalar): string | bigint | number | boolean | null {
  switch (typeof value) {
    case "string":
    case "bigint":
    case "number":
    case "boolean":
      return value;
    default:
      return value === null ? null : (source ?? "");
  }
}

function mergeable(value: DocumentNode): readonly MapEntry[] {
  if (value.kind === "map") return value.entries;
  return value.kind === "list" ? value.items.flatMap(mergeable) : [];
}

/** How deep a token's parts nest; without calling itself, because that is what it protects from. */
function depthOf(token: CST.Token): number {
  let deepestFound = 0;
  const open: { token: CST.Token; depth: number }[] = [{ token, depth: 0 }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { depth } = next;
    deepestFound = Math.max(deepestFound, depth);
    for (const part of partsOf(next.token)) open.push({ token: part, depth: depth + 1 });
  }
  return deepestFound;
}

function partsOf(token: CST.Token): CST.Token[] {
  if (token.type === "document") return token.value ? [token.value] : [];
  if (!("items" in token)) return [];
  return token.items.flatMap(({ key, value }) => [key, value].filter((part) => part !== undefined && part !== null));
}

/** A number that {@link writeYaml} writes in octal, `0660`. */
export class Octal {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** YAML 1.1 text of plain data. Text that any dialect would take for something else is quoted, names like values. */
export function writeYaml(data: unknown): string {
  const document = new Document(data, octal, { version: "1.1", compat: "core", aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_place, scalar) => {
      if (typeof scalar.value === "string" && mustQuote(scalar.value)) scalar.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return document.toString({ lineWidth: 0 });
}

function octal(_key: unknown, value: unknown): unknown {
  if (!(value instanceof Octal)) return value;
  const scalar = new Scalar(value.value);
  scalar.format = "OCT";
  return scalar;
}

/** Characters that block text would change or hide. */
function mustQuote(text: string): boolean {
  return /[^\P{C}\n]|[\u2028\u2029\u0085\ufeff]|^\s|\s$/u.test(text) && !/^[!-~][ -~\n]*[!-~]\n$/.test(text);
}
