/**
 * Lines of the control protocol, for both ends: banner, request, reply, error. No I/O.
 *
 * Source: Receptor specification §1.2; `docs/wire/control.md` has a transcript.
 */

/** Any JSON object, as it came from outside: nothing about its values is known. */
export type JsonObject = { [key: string]: unknown };

/** What one request line asks for, before any command has looked at it. */
export type ParsedRequest =
  | { readonly kind: "text"; readonly name: string; readonly rest: string }
  | { readonly kind: "json"; readonly name: string; readonly request: JsonObject }
  | { readonly kind: "fault"; readonly message: string };

const bannerStart = "Receptor Control, node ";
const errorStart = "ERROR:";

/** The line a server sends first. */
export function bannerOf(nodeId: string): string {
  return bannerStart + nodeId;
}

/** The node id of a banner, or undefined when the line is no banner. White space around it does not count. */
export function nodeIdOfBanner(line: string): string | undefined {
  const banner = line.trim();
  return banner.length > bannerStart.length && banner.startsWith(bannerStart)
    ? banner.slice(bannerStart.length)
    : undefined;
}

/** The text of a request line: every `\r` is dropped wherever it stands. An empty text is no request. */
export function requestText(line: string): string {
  return line.includes("\r") ? line.replaceAll("\r", "") : line;
}

/** A request line that is not empty. JSON nested deeper than `maxDepth` is a fault, found without building it. */
export function parseRequest(text: string, maxDepth: number): ParsedRequest {
  if (text.startsWith("{")) return parseJsonRequest(text, maxDepth);
  const space = text.indexOf(" ");
  if (space === -1) return { kind: "text", name: text.toLowerCase(), rest: "" };
  return { kind: "text", name: text.slice(0, space).toLowerCase(), rest: text.slice(space + 1) };
}

function parseJsonRequest(text: string, maxDepth: number): ParsedRequest {
  if (nestsDeeper(text, maxDepth)) return fault(`JSON is nested deeper than ${maxDepth} levels`);
  let request: JsonObject;
  try {
    // Text that begins with a brace parses to an object or not at all.
    request = JSON.parse(text) as JsonObject;
  } catch (error) {
    return fault((error as SyntaxError).message);
  }
  const name = request["command"];
  if (name === undefined) return fault("JSON did not contain a command");
  if (typeof name !== "string") return fault("command must be a string");
  return { kind: "json", name, request };
}

function fault(message: string): ParsedRequest {
  return { kind: "fault", message };
}

function nestsDeeper(json: string, maxDepth: number): boolean {
  let depth = 0;
  for (let i = 0; i < json.length; i++) {
    const char = json.charCodeAt(i);
    if (char === 0x22) i = endOfString(json, i);
    else if (char === 0x7b || char === 0x5b) {
      if (++depth > maxDepth) return true;
    } else if (char === 0x7d || char === 0x5d) depth--;
  }
  return false;
}

/** The place of the quote that ends the string beginning at `start`, or the end of the text. */
function endOfString(json: string, start: number): number {
  for (let i = start + 1; i < json.length; i++) {
    const char = json.charCodeAt(i);
    if (char === 0x5c) i++;
    else if (char === 0x22) return i;
  }
  return json.length;
}

/** A request as a client sends it, without the line end. */
export function requestLine(request: JsonObject | string): string {
  return typeof request === "string" ? request : JSON.stringify(request);
}

/** The reply line of a command that succeeded, without the line end. */
export function replyLine(reply: JsonObject): string {
  return JSON.stringify(reply);
}

/** The reply line of a command that failed, without the line end. Line breaks in the message become spaces. */
export function errorLine(message: string): string {
  return `${errorStart} ${message.replace(/\s*[\r\n]+\s*/g, " ").trim()}`;
}

/** The message of an error line, or undefined when the line is none. */
export function messageOfErrorLine(line: string): string | undefined {
  return line.startsWith(errorStart) ? line.slice(errorStart.length + 1) : undefined;
}
