import type { Dissection } from "./dissection.ts";
import { bytesText, hex, latin1, named } from "./text.ts";
import { cipherSuite, extensionTypes, tlsVersion } from "./tls-names.ts";

/** Client Hello (RFC 8446 §4.1.2). @returns ` (SNI=example.com)`, or nothing. */
export function readClientHello(packet: Dissection): string {
  beginning(packet);
  const suites = packet.u16("Cipher suites length");
  list(packet, "Cipher suites", suites, () => cipherSuite(packet.u16("Suite", cipherSuite)));
  const compressions = packet.u8("Compression methods length");
  packet.take("Compression methods", compressions, hex);
  let sni = "";
  extensions(packet, (type) => {
    if (type === 0) return (sni = serverName(packet));
    if (type === 16) return protocols(packet);
    if (type === 43) {
      const versions = packet.u8("Versions length");
      return list(packet, "Versions", versions, () => tlsVersion(packet.u16("Version", tlsVersion)));
    }
    return undefined;
  });
  return sni === "" ? "" : ` (SNI=${sni})`;
}

/** Server Hello (RFC 8446 §4.1.3): what was agreed. */
export function readServerHello(packet: Dissection): string {
  let version = beginning(packet);
  packet.u16("Cipher suite", cipherSuite);
  packet.u8("Compression method");
  packet.protocol = tlsVersion(version);
  extensions(packet, (type) => {
    if (type === 16) return protocols(packet);
    if (type !== 43) return undefined;
    // From TLS 1.3 on the true version stands here, and the old place says 1.2.
    version = packet.u16("Version", tlsVersion);
    packet.protocol = tlsVersion(version);
    return tlsVersion(version);
  });
  return "";
}

/** What both hellos begin with. @returns the version of the old place. */
function beginning(packet: Dissection): number {
  const version = packet.u16("Version", tlsVersion);
  packet.take("Random", 32, hex);
  packet.take("Session id", packet.u8("Session id length"), hex);
  return version;
}

/** Read one of them after the other until so many bytes are over. @returns all their texts. */
function list(packet: Dissection, name: string, bytes: number, one: () => string): string {
  packet.need(bytes);
  const end = packet.at + bytes;
  const texts: string[] = [];
  packet.group(name, () => {
    while (packet.at < end) texts.push(one());
    return texts.join(", ");
  });
  return texts.join(", ");
}

/** `read` gives the text of an extension it knows, and undefined for others. */
function extensions(packet: Dissection, read: (type: number) => string | undefined): void {
  if (packet.left === 0) return;
  const all = packet.u16("Extensions length");
  const hello = packet.end;
  const end = Math.min(hello, packet.at + all);
  while (packet.at < end) {
    packet.group("Extension", () => {
      const type = packet.u16("Type", named(extensionTypes));
      const length = packet.u16("Length");
      packet.need(length);
      packet.end = packet.at + length;
      const text = length === 0 ? undefined : read(type);
      if (packet.left > 0) packet.take("Data", packet.left, (bytes) => `${bytesText(bytes.length)}: ${hex(bytes)}`);
      packet.end = hello;
      const name = extensionTypes[type] ?? `extension ${type}`;
      return text === undefined ? name : `${name}: ${text}`;
    });
  }
}

function serverName(packet: Dissection): string {
  packet.u16("List length");
  packet.u8("Name type");
  return packet.take("Name", packet.u16("Name length"), latin1);
}

function protocols(packet: Dissection): string {
  const length = packet.u16("List length");
  return list(packet, "Protocols", length, () => packet.take("Protocol", packet.u8("Length"), latin1));
}
