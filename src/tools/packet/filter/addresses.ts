/** Bytes of an IPv4 or IPv6 address, in any spelling; undefined: it is none. */
function addressBytes(text: string): readonly number[] | undefined {
  return text.includes(":") ? ipv6Bytes(text) : ipv4Bytes(text);
}

function ipv4Bytes(text: string): readonly number[] | undefined {
  if (!/^(?:\d{1,3}\.){3}\d{1,3}$/.test(text)) return undefined;
  const bytes = text.split(".").map(Number);
  return bytes.every((byte) => byte < 256) ? bytes : undefined;
}

function ipv6Bytes(text: string): readonly number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [front, back] = halves.map(groupBytes);
  if (!front || (halves.length === 2 && !back)) return undefined;
  const missing = 16 - front.length - (back?.length ?? 0);
  if (halves.length === 2 ? missing < 2 : missing !== 0) return undefined;
  return [...front, ...Array.from({ length: missing }, () => 0), ...(back ?? [])];
}

/** Groups between colons; the last may be an IPv4 address. */
function groupBytes(text: string): number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [n, group] of groups.entries()) {
    const dotted = n === groups.length - 1 ? ipv4Bytes(group) : undefined;
    if (!dotted && !/^[\da-f]{1,4}$/i.test(group)) return undefined;
    const value = Number.parseInt(group, 16);
    bytes.push(...(dotted ?? [value >> 8, value & 255]));
  }
  return bytes.length <= 16 ? bytes : undefined;
}

/** Whether an address is one, or lies in a network (`10.0.0.0/8`); undefined: `wanted` is neither. */
export function addressTest(wanted: string): ((address: string) => boolean) | undefined {
  const [text = "", bits, more] = wanted.split("/");
  const network = addressBytes(text);
  const most = network?.length === 4 ? 32 : 128;
  if (!network || more !== undefined || (bits !== undefined && !/^\d{1,3}$/.test(bits))) return undefined;
  const length = bits === undefined ? most : Number(bits);
  if (length > most) return undefined;
  return (address) => {
    const bytes = addressBytes(address);
    return bytes?.length === network.length && sameBits(bytes, network, length);
  };
}

function sameBits(left: readonly number[], right: readonly number[], bits: number): boolean {
  for (let n = 0; n * 8 < bits; n++) {
    const unlike = (left[n] as number) ^ (right[n] as number);
    if (unlike >> Math.max(0, 8 - (bits - n * 8)) !== 0) return false;
  }
  return true;
}
