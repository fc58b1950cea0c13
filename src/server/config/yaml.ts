/** The only file of this room that knows the YAML library. */
import {
  Composer,
  CST,
  Document,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  Parser,
  Scalar,
  visit,
} from "yaml";
import type { Json } from "#core";

/** Where something stands in a text, both counted from 1. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

/** What is wrong with a text itself. */
export interface YamlFault {
  readonly reason: string;
  readonly place: TextPlace;
}

/** A text as it was read; `places` has each value by its JSON pointer. */
export interface ReadYaml {
  readonly value: Json | undefined;
  readonly faults: readonly YamlFault[];
  readonly places: ReadonlyMap<string, TextPlace>;
}

/** More than documents may be (`requireBounded`), so that the reader ends before the library does. */
const deepest = 40;
const mostFaults = 20;

/** As workers read `worker.yaml`: YAML 1.1 without dates, binaries and merging. */
const unwanted = /:(binary|merge|omap|pairs|set|timestamp)$/;
const dialect = {
  version: "1.1",
  // Duplicates are found below; the library compares every key with every other.
  uniqueKeys: false,
  logLevel: "silent",
  customTags: (tags: readonly unknown[]) =>
    tags.filter((tag) => typeof tag === "string" || !unwanted.test((tag as { tag: string }).tag)) as never,
} as const;

/** Read one document without anchors, aliases and tags: what is written is all there is. An empty text is undefined. */
export function readYaml(text: string): ReadYaml {
  const lines = new LineCounter();
  const reader = new Reader(lines);
  if (opensTooMuch(text)) {
    reader.fault(`it is nested deeper than ${deepest}`, undefined);
    return reader;
  }
  try {
    parsed(text, reader, lines);
  } catch (error) {
    // What nests is found above, and what only looks so to the parser is not: its stack is the last bound.
    if (!(error instanceof RangeError)) throw error;
    reader.refuse(`it is nested deeper than ${deepest}`);
  }
  return reader;
}

function parsed(text: string, reader: Reader, lines: LineCounter): void {
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  const tooDeep = tokens.find((token) => depthOf(token) > deepest * 2);
  // The composer calls itself for each level, so depth is looked at before.
  if (tooDeep) reader.fault(`it is nested deeper than ${deepest}`, tooDeep.offset);
  else reader.read(tokens);
}

/** Text of plain data that {@link readYaml} reads. Names are quoted as values are: a text that begins with a mark loses it. */
export function writeYaml(data: unknown): string {
  const document = new Document(data, { version: "1.1", compat: "core", aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_place, scalar) => {
      if (typeof scalar.value === "string" && hidden.test(scalar.value)) scalar.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return document.toString({ lineWidth: 0 });
}

/** Characters that block text and plain words would change or hide. */
const hidden = /[^\P{C}\n]|[\u2028\u2029\u0085\ufeff]|^\s|\s$/u;

class Reader implements ReadYaml {
  value: Json | undefined;
  readonly faults: YamlFault[] = [];
  readonly places = new Map<string, TextPlace>();
  readonly #lines: LineCounter;

  constructor(lines: LineCounter) {
    this.#lines = lines;
  }

  read(tokens: readonly CST.Token[]): void {
    for (const { errors, contents } of new Composer(dialect).compose(tokens)) {
      for (const { message, pos } of errors) this.fault(message.split("\n", 1)[0] ?? message, pos[0]);
      if (errors.length > 0) return;
      if (contents === null || (isScalar(contents) && contents.value === null && !contents.source)) continue;
      if (this.value !== undefined) return this.fault("it holds several documents: keep one", contents.range?.[0]);
      this.value = this.#plain(contents, "");
    }
  }

  /** Nothing else counts. */
  refuse(reason: string): void {
    this.value = undefined;
    this.faults.splice(0);
    this.fault(reason, undefined);
  }

  fault(reason: string, offset: number | undefined): void {
    if (this.faults.length < mostFaults) this.faults.push({ reason, place: this.#at(offset) });
  }

  #plain(node: Node | null, path: string): Json {
    const from = node?.range?.[0];
    if (!this.places.has(path)) this.places.set(path, this.#at(from));
    if (node === null) return null;
    if (isMap(node) || isSeq(node) || isScalar(node)) {
      if (node.anchor !== undefined || node.tag !== undefined) return this.#unplain(from);
      if (isMap(node)) return this.#entries(node.items as never, path);
      if (isSeq(node)) return node.items.map((item, n) => this.#plain(item as Node, `${path}/${n}`));
      return this.#scalar(node, from);
    }
    return this.#unplain(from);
  }

  #unplain(offset: number | undefined): null {
    this.fault("anchors, aliases and tags are not taken here: write the value itself", offset);
    return null;
  }

  #entries(pairs: readonly { readonly key: Node | null; readonly value: Node | null }[], path: string): Json {
    const entries = new Map<string, Json>();
    for (const { key, value } of pairs) {
      const from = key?.range?.[0];
      if (!isScalar(key)) {
        this.fault("a key must be a plain word", from);
        continue;
      }
      // As it is written: `on:` and `1:` are names like any other.
      const name = key.source ?? String(key.value);
      if (entries.has(name)) this.fault(`the key ${JSON.stringify(name)} stands here twice`, from);
      const inner = `${path}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
      this.places.set(inner, this.#at(from));
      entries.set(name, this.#plain(value, inner));
    }
    return Object.fromEntries(entries);
  }

  #scalar({ value, source }: Scalar, from: number | undefined): Json {
    if (typeof value === "number" && !Number.isFinite(value)) this.fault("it is no number that can be kept", from);
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
    return value === null ? null : (source ?? "");
  }

  #at(offset = 0): TextPlace {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }
}

/** The parser takes seconds for what opens bracket after bracket, or item after item in one line: words are counted first. */
function opensTooMuch(text: string): boolean {
  let brackets = 0;
  let items = 0;
  for (const word of new Lexer().lex(text)) {
    const type = CST.tokenType(word);
    if (type === "flow-seq-start" || type === "flow-map-start") brackets++;
    else if (type === "flow-seq-end" || type === "flow-map-end") brackets--;
    else if (type === "newline" || type === "comma") items = 0;
    else if (type === "seq-item-ind" || type === "explicit-key-ind" || type === "map-value-ind") items++;
    if (brackets > deepest || items > deepest) return true;
  }
  return false;
}

/** How deep a token's parts nest; without calling itself, because that is what it protects from. */
function depthOf(token: CST.Token): number {
  let deepestFound = 0;
  const open = [{ token, depth: 0 }];
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
