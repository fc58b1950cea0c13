import { createPublicKey, type KeyObject, randomBytes, sign } from "node:crypto";
import type { RequestToSign } from "./facts.ts";
import { digestOfFacts, emptySha256, encodeOrder, keyIdOf, type Order, orderText } from "./order.ts";

/**
 * Sign a request with an Ed25519 key: the text for its `signature`, with a nonce of its own.
 *
 * @param window is asked after the payload was hashed, which may take longer than an order is valid.
 */
export async function signOrder(
  key: KeyObject,
  request: RequestToSign,
  ends: Pick<Order, "target" | "submitter">,
  window: () => Pick<Order, "notBefore" | "notAfter">,
): Promise<string> {
  const payloadSha256 = request.operation === "submit" ? await request.payloadSha256() : emptySha256;
  const bytes = encodeOrder({
    operation: request.operation,
    unitId: request.unitId,
    workType: request.workType,
    paramsSha256: digestOfFacts(request),
    payloadSha256,
    ...ends,
    ...window(),
    nonce: randomBytes(16).toString("hex"),
    keyId: keyIdOf(createPublicKey(key)),
  });
  return orderText(bytes, sign(null, bytes, key));
}
