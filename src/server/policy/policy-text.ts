import { ServerError } from "../errors.ts";
import type { Policy } from "./policy.ts";
import { PolicyDocument } from "./policy-schema.ts";

const maxChars = 65_536;
const line = /^([A-Za-z.]+)[ \t]*:[ \t]+("?)([A-Za-z0-9-]+)\2[ \t]*(?:#.*)?$/;

/**
 * Read a policy: a JSON object, or the flat part of YAML that it needs, `name: value` on a line, `#` for comments.
 *
 * More of YAML is refused and not guessed at: who may do what should be plain to see.
 *
 * @throws {ServerError} SETTINGS_INVALID, naming the field or the line.
 */
export function parsePolicy(text: string): Policy {
  if (text.length > maxChars) throw invalid(`it is longer than ${maxChars} characters`);
  const document = text.trimStart().startsWith("{") ? readJson(text) : readLines(text);
  const read = PolicyDocument.safeParse(document);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw invalid(`${issue?.path.join(".") || "it"}: ${issue?.message ?? "not valid"}`);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid("it starts like JSON and is none");
  }
}

function readLines(text: string): object {
  const read = new Map<string, string | number | boolean>();
  for (const [at, written] of text.split(/\r?\n/).entries()) {
    if (/^(\s*(#.*)?|---)$/.test(written)) continue;
    const [, name, quote, value] = line.exec(written) ?? [];
    if (name === undefined || value === undefined) throw invalid(`line ${at + 1} is not \`name: value\``);
    if (read.has(name)) throw invalid(`line ${at + 1} says ${name} again`);
    read.set(name, quote ? value : valueOf(value));
  }
  if (read.size === 0) throw invalid("it says nothing");
  return Object.fromEntries(read);
}

function valueOf(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  return /^(0|[1-9]\d{0,9})$/.test(text) ? Number(text) : text;
}

const invalid = (why: string): ServerError => new ServerError("SETTINGS_INVALID", `policy: ${why}`);
