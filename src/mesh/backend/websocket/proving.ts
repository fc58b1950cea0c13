import type { KeyObject } from "node:crypto";
import type { OpenWebSocket } from "./ws.ts";
import { isNodeProof, maxProofBytes, newChallenge, type ProofChallenge, readProof } from "./node-proof.ts";

/** Who is known by which key. */
export interface ProofKeys {
  /** Node id of this listener. */
  readonly hub: string;
  /** The Ed25519 key of a node that may come; undefined: it may not. */
  keyOf(node: string): KeyObject | undefined;
}

/** Bounds on those who have proved nothing yet. */
export interface ProvingLimits {
  readonly withinMs: number;
  readonly atOnce: number;
}

export const provingLimits: ProvingLimits = { withinMs: 10_000, atOnce: 1_000 };

/** Close code of who proves nothing: a policy is violated (RFC 6455 §7.4.1). */
export const refusedCode = 1008;

/** Asks those whose certificate cannot be seen who they are, before they are anything to the mesh. */
export class Proving {
  readonly #keys: ProofKeys;
  readonly #limits: ProvingLimits;
  #going = 0;

  constructor(keys: ProofKeys, limits: ProvingLimits = provingLimits) {
    this.#keys = keys;
    this.#limits = limits;
  }

  /**
   * Ask once. Nothing else that the far end says is read before it has answered.
   *
   * @param proven it is this node; called while its answer is handled, so that what it says next is not missed.
   * @param refused and why; the WebSocket is being closed.
   */
  ask({ webSocket }: OpenWebSocket, proven: (node: string) => void, refused: (why: string) => void): void {
    const challenge = newChallenge(this.#keys.hub);
    this.#going++;
    let isOver = false;
    const end = (why?: string): void => {
      if (isOver) return;
      isOver = true;
      this.#going--;
      clearTimeout(timer);
      webSocket.off("message", hear).off("close", gone).off("error", gone);
      if (why === undefined) return;
      webSocket.on("error", () => {});
      webSocket.close(refusedCode, why);
      // Who does not take part in closing is not waited for.
      setTimeout(() => webSocket.terminate(), 1_000).unref();
      refused(why);
    };
    const hear = (data: unknown, isBinary: boolean): void => {
      const node = isBinary ? undefined : this.#nodeOf(data as Buffer, challenge);
      end(node === undefined ? "that proves no node of this mesh" : undefined);
      if (node !== undefined) proven(node);
    };
    const gone = (): void => end("it left without a proof");
    const timer = setTimeout(() => end("no proof came in time"), this.#limits.withinMs);
    webSocket.on("message", hear).on("close", gone).on("error", gone);
    if (this.#going > this.#limits.atOnce) return end("too many have to prove who they are; try again");
    webSocket.send(JSON.stringify(challenge));
  }

  /** Alike for nodes that are not known and for wrong signatures. */
  #nodeOf(answer: Buffer, challenge: ProofChallenge): string | undefined {
    if (answer.length > maxProofBytes) return undefined;
    const proof = readProof(answer.toString());
    const key = proof && this.#keys.keyOf(proof.node);
    return key && isNodeProof(proof, challenge, key) ? proof.node : undefined;
  }
}
