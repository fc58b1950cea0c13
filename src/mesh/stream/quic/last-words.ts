/** Probes kept at most. */
const mostProbes = 4;
/** An acknowledgement is hardly ever longer. What is long carries bytes that the engine sends again by itself, as probes. */
const answerBytes = 600;

/**
 * Copies of what a connection said last, to be said again over another way when that of before is dead.
 *
 * An engine that hears nothing waits twice as long before each probe, in the end for half a minute, and as long as its
 * congestion window is full nothing else makes it speak. But a datagram that was lost can be sent once more, byte for
 * byte: to the far end it is one that comes late, and what it answers sets everything going again. One that did arrive is
 * passed over there; then it was our far end's answer that was lost, which it says again in its turn.
 */
export class LastWords {
  #answer: Uint8Array | undefined;
  readonly #probes: Uint8Array[] = [];

  /** A datagram went out after something had come, as the last of its turn: it acknowledges all of that. */
  keepAnswer(datagram: Uint8Array): void {
    this.#answer = datagram.length <= answerBytes ? new Uint8Array(datagram) : undefined;
  }

  /** A datagram went out because an answer is overdue. */
  keepProbe(datagram: Uint8Array): void {
    this.#probes.push(new Uint8Array(datagram));
    if (this.#probes.length > mostProbes) this.#probes.shift();
  }

  /** Answers come again: the engine says by itself whatever is missing. */
  dropProbes(): void {
    this.#probes.length = 0;
  }

  /** Answers are overdue. */
  get isStuck(): boolean {
    return this.#probes.length > 0;
  }

  /** What to say again, for the first time, the second, and so on: each time another probe, for one is answered only once. */
  again(time: number): Uint8Array[] {
    const probe = this.#probes[time % this.#probes.length];
    return [probe, this.#answer].filter((datagram) => datagram !== undefined);
  }
}
