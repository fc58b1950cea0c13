import type { Dissect, Dissection } from "./dissection.ts";
import { bytesText, latin1 } from "./text.ts";

const methods = ["GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE", "PROPFIND"];
const beginnings = [...methods.map((method) => `${method} `), "HTTP/1."];

/** A header of HTTP is no longer than that, nor are there more. */
const maxLineBytes = 16_384;
const maxHeaders = 200;

/** Whether what follows begins as a message of HTTP/1 does. */
export function looksLikeHttp(packet: Dissection): boolean {
  const start = latin1(packet.bytes.subarray(packet.at, Math.min(packet.end, packet.at + 9)));
  return beginnings.some((beginning) => start.startsWith(beginning));
}

/** A request or response of HTTP/1 (RFC 9112): its first line, its headers. The body stays bytes. */
export const http: Dissect = (packet) => {
  const layer = packet.layer("http", "HTTP");
  packet.protocol = "HTTP";
  packet.info = "HTTP";
  let type = "";
  packet.attempt(() => {
    packet.info = line(packet, () => ["First line", undefined]);
    layer.title = `HTTP, ${packet.info}`;
    for (let count = 0; count < maxHeaders; count++) {
      const text = line(packet, header);
      if (text === "") break;
      const [, value] = /^content-type:\s*([^;\s]*)/i.exec(text) ?? [];
      if (value !== undefined) type = value;
    }
  });
  if (type !== "") packet.info += `  (${type})`;
  if (packet.left > 0) packet.take("Body", packet.left, (bytes) => bytesText(bytes.length));
  return undefined;
};

function header(text: string): [name: string, value: string | undefined] {
  const colon = text.indexOf(":");
  return colon === -1 ? ["Header", undefined] : [text.slice(0, colon), text.slice(colon + 1).trim()];
}

/** One line without its end. One that is not over here is read as far as it goes. */
function line(packet: Dissection, fieldOf: (text: string) => [name: string, value: string | undefined]): string {
  packet.need(1);
  const limit = Math.min(packet.end, packet.at + maxLineBytes);
  let end = packet.at;
  while (end < limit && packet.bytes[end] !== 0x0a) end++;
  const next = Math.min(packet.end, end + 1);
  const text = latin1(packet.bytes.subarray(packet.at, end)).replace(/\r$/, "");
  const [name, value] = fieldOf(text);
  if (text !== "") packet.note(name, value ?? text, packet.at, next - packet.at);
  packet.at = next;
  return text;
}
