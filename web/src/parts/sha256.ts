/**
 * SHA-256 (FIPS 180-4) of bytes as they come: what browsers bring along wants all of them at once, and an output may be
 * larger than the memory of the page.
 */
export class Sha256 {
  readonly #state = Uint32Array.of(
    ...[0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19],
  );
  readonly #words = new Uint32Array(64);
  readonly #block = new Uint8Array(64);
  readonly #view = new DataView(this.#block.buffer);
  #inBlock = 0;
  #bytes = 0;

  update(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + 64 - this.#inBlock);
      this.#block.set(part, this.#inBlock);
      this.#inBlock += part.length;
      at += part.length;
      if (this.#inBlock === 64) this.#mix();
    }
  }

  /** Of all bytes so far, in hex. Nothing may come after it. */
  hex(): string {
    const bits = this.#bytes * 8;
    this.#block[this.#inBlock++] = 0x80;
    if (this.#inBlock > 56) this.#fill(64);
    this.#fill(56);
    this.#view.setUint32(56, Math.floor(bits / 2 ** 32));
    this.#view.setUint32(60, bits >>> 0);
    this.#mix();
    return [...this.#state].map((word) => word.toString(16).padStart(8, "0")).join("");
  }

  #fill(to: number): void {
    this.#block.fill(0, this.#inBlock, to);
    this.#inBlock = to;
    if (to === 64) this.#mix();
  }

  #mix(): void {
    const words = this.#words;
    for (let n = 0; n < 16; n++) words[n] = this.#view.getUint32(n * 4);
    for (let n = 16; n < 64; n++) {
      const [a, b] = [words[n - 15] ?? 0, words[n - 2] ?? 0];
      const s0 = turned(a, 7) ^ turned(a, 18) ^ (a >>> 3);
      const s1 = turned(b, 17) ^ turned(b, 19) ^ (b >>> 10);
      words[n] = (words[n - 16] ?? 0) + s0 + (words[n - 7] ?? 0) + s1;
    }
    this.#rounds();
    this.#inBlock = 0;
  }

  #rounds(): void {
    const state = this.#state;
    let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
    for (let n = 0; n < 64; n++) {
      const s1 = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
      const one = (h + s1 + ((e & f) ^ (~e & g)) + (constants[n] ?? 0) + (this.#words[n] ?? 0)) | 0;
      const s0 = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
      const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      // One by one: an array for each round would make it many times slower.
      h = g;
      g = f;
      f = e;
      e = (d + one) | 0;
      d = c;
      c = b;
      b = a;
      a = (one + two) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((word, n) => (state[n] = (state[n] ?? 0) + word));
  }
}

const turned = (word: number, by: number): number => (word >>> by) | (word << (32 - by));

/** The first 32 bits of the fractions of the cube roots of the first 64 primes (§4.2.2). */
const constants = Uint32Array.from(
  (
    "428a2f98 71374491 b5c0fbcf e9b5dba5 3956c25b 59f111f1 923f82a4 ab1c5ed5 d807aa98 12835b01 243185be 550c7dc3 72be5d74 " +
    "80deb1fe 9bdc06a7 c19bf174 e49b69c1 efbe4786 0fc19dc6 240ca1cc 2de92c6f 4a7484aa 5cb0a9dc 76f988da 983e5152 a831c66d " +
    "b00327c8 bf597fc7 c6e00bf3 d5a79147 06ca6351 14292967 27b70a85 2e1b2138 4d2c6dfc 53380d13 650a7354 766a0abb 81c2c92e " +
    "92722c85 a2bfe8a1 a81a664b c24b8b70 c76c51a3 d192e819 d6990624 f40e3585 106aa070 19a4c116 1e376c08 2748774c 34b0bcb5 " +
    "391c0cb3 4ed8aa4a 5b9cca4f 682e6ff3 748f82ee 78a5636f 84c87814 8cc70208 90befffa a4506ceb bef9a3f7 c67178f2"
  )
    .split(" ")
    .map((word) => Number.parseInt(word, 16)),
);
