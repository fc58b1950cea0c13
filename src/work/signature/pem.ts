import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";

/** A key file that does not hold what it should. The words of Receptor stand where it has some (spec §2.8). */
export class KeyFault extends Error {
  override readonly name = "KeyFault";
}

/** One `BEGIN … END` block, and the last line of text in front of it without `#`. */
interface PemItem {
  readonly label: string;
  readonly pem: string;
  readonly comment: string;
}

/** A trusted key and what its file calls it. */
export interface NamedKey {
  readonly name: string;
  readonly key: KeyObject;
}

const privateLabels = new Set(["PRIVATE KEY", "RSA PRIVATE KEY"]);
const otherLabels = new Set(["PUBLIC KEY", "CERTIFICATE", "CERTIFICATE REQUEST"]);

/** The only RSA key of a file, PKCS#1 or PKCS#8. @throws {KeyFault} */
export function rsaPrivateKey(text: string): KeyObject {
  return expectType(privateKey(text), "rsa", "private key file does not contain private key data");
}

/** The only RSA key of a file, SPKI. @throws {KeyFault} */
export function rsaPublicKey(text: string): KeyObject {
  const { label, pem } = onlyItem(text, "public");
  return expectType(publicKey(label, pem), "rsa", "public key file does not contain public key data");
}

/** The only Ed25519 key of a file, PKCS#8. @throws {KeyFault} */
export function orderPrivateKey(text: string): KeyObject {
  return expectType(privateKey(text), "ed25519", "the key is no Ed25519 key");
}

/** The Ed25519 keys of a file, SPKI, with their names or `undefined`. @throws {KeyFault} for any item that is no such key. */
export function orderPublicKeys(text: string): { comment: string; key: KeyObject }[] {
  return itemsOf(text).map(({ label, pem, comment }) => ({
    comment,
    key: expectType(publicKey(label, pem), "ed25519", "the key is no Ed25519 key"),
  }));
}

function privateKey(text: string): KeyObject {
  const { label, pem } = onlyItem(text, "private");
  if (otherLabels.has(label)) throw new KeyFault("private key file does not contain private key data");
  if (!privateLabels.has(label)) throw new KeyFault(`unknown block type ${label}`);
  return parsed(() => createPrivateKey(pem));
}

function publicKey(label: string, pem: string): KeyObject {
  // A private key would do to make a public one of. But where it lies, its owner did not mean to put it.
  if (privateLabels.has(label) || (otherLabels.has(label) && label !== "PUBLIC KEY"))
    throw new KeyFault("public key file does not contain public key data");
  if (label !== "PUBLIC KEY") throw new KeyFault(`unknown block type ${label}`);
  return parsed(() => createPublicKey(pem));
}

function parsed(parse: () => KeyObject): KeyObject {
  try {
    return parse();
  } catch (error) {
    throw new KeyFault("failed to parse the key", { cause: error });
  }
}

function expectType(key: KeyObject, type: "rsa" | "ed25519", fault: string): KeyObject {
  if (key.asymmetricKeyType !== type) throw new KeyFault(fault);
  return key;
}

function onlyItem(text: string, kind: "private" | "public"): PemItem {
  const [item, ...more] = itemsOf(text);
  if (item && more.length === 0) return item;
  throw new KeyFault(`${kind} key file should contain exactly one item`);
}

const begin = /-----BEGIN ([A-Z0-9 ]{1,64})-----/g;

/** Text between the items is allowed, as RFC 7468 has it. */
function itemsOf(text: string): PemItem[] {
  const items: PemItem[] = [];
  let at = 0;
  for (let match = next(text, 0); match; match = next(text, at)) {
    const label = match[1] ?? "";
    const last = `-----END ${label}-----`;
    const end = text.indexOf(last, match.index);
    if (end === -1) throw new KeyFault("failed to decode PEM block");
    const comment = text.slice(at, match.index).trim().split("\n").at(-1) ?? "";
    at = end + last.length;
    items.push({ label, pem: text.slice(match.index, at), comment: comment.replace(/^[#\s]+/, "") });
  }
  if (items.length === 0 && text.trim() !== "") throw new KeyFault("failed to decode PEM block");
  return items;
}

function next(text: string, from: number): RegExpExecArray | null {
  begin.lastIndex = from;
  return begin.exec(text);
}
