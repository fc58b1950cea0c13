/**
 * HighwayHash-64 (spec §3.5), the hash that stands for node ids in data messages.
 *
 * A lane of 64 bits is two words of 32, the low one first. The state is one array of four groups of four lanes: v0, v1,
 * mul0 and mul1.
 */
const V0 = 0;
const V1 = 8;
const MUL0 = 16;
const MUL1 = 24;

const initial0 = [0xfe4cce2f, 0xdbe6d5d5, 0x299f31d0, 0xa4093822, 0x03707344, 0x13198a2e, 0x85a308d3, 0x243f6a88];
const initial1 = [0xcb0ef593, 0x3bd39e10, 0xb5f18a8c, 0xc0acf169, 0x34e90c6c, 0xbe5466cf, 0x38d01377, 0x452821e6];

const packetBytes = 32;
const zeroKey = new Uint8Array(packetBytes);

/** The hash as its 8 bytes on the wire (u64, big-endian). The key has 32 bytes; node ids are hashed with zeros. */
export function highwayHash64(bytes: Uint8Array, key: Uint8Array = zeroKey): Uint8Array {
  const state = stateOf(wordsOf(key));
  const whole = bytes.length - (bytes.length % packetBytes);
  for (let at = 0; at < whole; at += packetBytes) update(state, wordsOf(bytes.subarray(at, at + packetBytes)));
  if (whole < bytes.length) updateRemainder(state, bytes.subarray(whole));
  for (let round = 0; round < 4; round++) update(state, permuted(state));
  return sumOf(state);
}

function stateOf(key: Uint32Array): Uint32Array {
  const state = new Uint32Array(32);
  state.set(initial0, MUL0);
  state.set(initial1, MUL1);
  for (let word = 0; word < 8; word++) {
    state[V0 + word] = at(initial0, word) ^ at(key, word);
    state[V1 + word] = at(initial1, word) ^ at(key, word ^ 1);
  }
  return state;
}

function wordsOf(packet: Uint8Array): Uint32Array {
  const words = new Uint32Array(8);
  for (let byte = 0; byte < packetBytes; byte++)
    words[byte >> 2] = at(words, byte >> 2) | (at(packet, byte) << ((byte & 3) * 8));
  return words;
}

function update(state: Uint32Array, packet: Uint32Array): void {
  for (let lane = 0; lane < 8; lane += 2) {
    add(state, V1 + lane, at(packet, lane), at(packet, lane + 1));
    add(state, V1 + lane, at(state, MUL0 + lane), at(state, MUL0 + lane + 1));
    xorProduct(state, MUL0 + lane, at(state, V1 + lane), at(state, V0 + lane + 1));
    add(state, V0 + lane, at(state, MUL1 + lane), at(state, MUL1 + lane + 1));
    xorProduct(state, MUL1 + lane, at(state, V0 + lane), at(state, V1 + lane + 1));
  }
  for (let pair = 0; pair < 8; pair += 4) addZipped(state, V0 + pair, V1 + pair);
  for (let pair = 0; pair < 8; pair += 4) addZipped(state, V1 + pair, V0 + pair);
}

function add(state: Uint32Array, lane: number, low: number, high: number): void {
  const sum = at(state, lane) + low;
  state[lane] = sum;
  state[lane + 1] = at(state, lane + 1) + high + (sum > 0xffffffff ? 1 : 0);
}

/** `lane ^= a * b`, the product of two words in full. */
function xorProduct(state: Uint32Array, lane: number, a: number, b: number): void {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const carried = aHigh * bLow + ((aLow * bLow) >>> 16);
  const middle = (carried & 0xffff) + aLow * bHigh;
  state[lane] = at(state, lane) ^ Math.imul(a, b);
  state[lane + 1] = at(state, lane + 1) ^ (aHigh * bHigh + (carried >>> 16) + (middle >>> 16));
}

/** Adds the pair of lanes at `from`, their bytes mixed, to the pair at `to`. */
function addZipped(state: Uint32Array, to: number, from: number): void {
  const a = at(state, from);
  const aHigh = at(state, from + 1);
  const b = at(state, from + 2);
  const bHigh = at(state, from + 3);
  // From the least significant byte: a3 b4 a2 a5 b6 a1 b7 a0, and b3 a4 b2 b5 b1 a6 b0 a7.
  const low = (a >>> 24) | ((bHigh & 0xff) << 8) | (a & 0xff0000) | ((aHigh & 0xff00) << 16);
  const high = ((bHigh >>> 16) & 0xff) | (a & 0xff00) | ((bHigh >>> 8) & 0xff0000) | (a << 24);
  const secondLow = (b >>> 24) | ((aHigh & 0xff) << 8) | (b & 0xff0000) | ((bHigh & 0xff00) << 16);
  const secondHigh = ((b >>> 8) & 0xff) | ((aHigh >>> 8) & 0xff00) | ((b & 0xff) << 16) | (aHigh & 0xff000000);
  add(state, to, low >>> 0, high >>> 0);
  add(state, to + 2, secondLow >>> 0, secondHigh >>> 0);
}

function updateRemainder(state: Uint32Array, rest: Uint8Array): void {
  const size = rest.length;
  for (let lane = 0; lane < 8; lane += 2) add(state, V0 + lane, size, size);
  for (let word = V1; word < V1 + 8; word++) {
    const value = at(state, word);
    state[word] = (value << size) | (value >>> (32 - size));
  }
  update(state, wordsOf(paddedRemainder(rest)));
}

function paddedRemainder(rest: Uint8Array): Uint8Array {
  const packet = new Uint8Array(packetBytes);
  const whole = rest.length & ~3;
  const odd = rest.length & 3;
  packet.set(rest.subarray(0, whole));
  if (rest.length >= 16) packet.set(rest.subarray(-4), 28);
  else if (odd > 0) packet.set([at(rest, whole), at(rest, whole + (odd >> 1)), at(rest, whole + odd - 1)], 16);
  return packet;
}

/** The packet of a final round: v0 with its lanes in the order 2 3 0 1 and the halves of each exchanged. */
function permuted(state: Uint32Array): Uint32Array {
  const words = new Uint32Array(8);
  for (let word = 0; word < 8; word++) words[word] = at(state, V0 + (word ^ 1 ^ 4));
  return words;
}

function sumOf(state: Uint32Array): Uint8Array {
  for (const group of [V1, MUL0, MUL1]) add(state, V0, at(state, group), at(state, group + 1));
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, at(state, V0 + 1));
  view.setUint32(4, at(state, V0));
  return bytes;
}

/** An element that is known to exist. */
function at(words: ArrayLike<number>, index: number): number {
  return words[index] as number;
}
