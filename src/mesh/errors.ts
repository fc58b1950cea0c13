import { type ErrorTable, FarhandError } from "#core";

/** Every error of the room `mesh`. Messages that clients match on stand in the specification (§1.3, §3, §4). */
export const meshErrors = {
  NO_ROUTE: {
    status: 502,
    exit: 5,
    meaning: "No way leads to the node now. `farhand status` lists the nodes that can be reached.",
  },
  NO_CONNECTION: { status: 502, exit: 5, meaning: "The next node on the way has just been lost. Try again." },
  SERVICE_UNKNOWN: { status: 404, exit: 5, meaning: "The node was reached, but it offers no service of this name." },
  BLOCKED: { status: 403, exit: 5, meaning: "A firewall rule of a node on the way refuses this traffic." },
  EXPIRED: {
    status: 502,
    exit: 5,
    meaning: "The message passed more nodes than it may, so the way leads in a circle.",
  },
  TIMEOUT: {
    status: 504,
    exit: 5,
    meaning: "The node did not answer in time. It may be down, or unreachable behind another.",
  },
  MESSAGE_TOO_LONG: { status: 400, exit: 2, meaning: "A datagram is longer than the roads of the mesh carry." },
  SERVICE_NAME_INVALID: {
    status: 400,
    exit: 2,
    meaning: "A service name has 1 to 8 bytes and is neither `ping` nor `unreach`.",
  },
  SERVICE_TAKEN: { status: 409, exit: 2, meaning: "The node already has a service of this name." },
  LISTEN_FAILED: {
    status: 500,
    exit: 3,
    meaning: "A listener cannot bind its address. Another program may have the port.",
  },
  DIAL_FAILED: { status: 502, exit: 5, meaning: "A neighbour cannot be reached over its road. It is dialled again." },
  STREAM_REFUSED: { status: 502, exit: 5, meaning: "The far end of a stream refused it, or ended it before its time." },
  STREAM_LOST: { status: 502, exit: 5, meaning: "A stream broke because its far end is silent or gone." },
  QUIC_UNAVAILABLE: {
    status: 501,
    exit: 3,
    meaning:
      "There is no QUIC engine for this machine, so no streams from end to end. It exists for Linux (x64, glibc), macOS and Windows.",
  },
  TLS_REFUSED: {
    status: 502,
    exit: 5,
    meaning:
      "The certificate of the far end is not accepted, or the far end does not accept ours. The message names why.",
  },
  TLS_MISMATCH: {
    status: 502,
    exit: 5,
    meaning: "One end of a road uses TLS and the other does not. Give both sections a TLS profile, or neither.",
  },
  PROOF_REFUSED: {
    status: 403,
    exit: 5,
    meaning:
      "A listener does not know this node by the key it signs with: it was removed there, or enrolled anew elsewhere. The message names why.",
  },
  TLS_PROFILE_UNKNOWN: { status: 400, exit: 2, meaning: "No TLS profile of this name is configured." },
  CERTIFICATE_INVALID: {
    status: 400,
    exit: 3,
    meaning: "A certificate, request or key given to a certificate command cannot be used. The message names the file.",
  },
  CERTIFICATE_NOT_WRITTEN: {
    status: 500,
    exit: 3,
    meaning: "A certificate, request or key cannot be written to its file. The message names the file.",
  },
  SIGNING_DECLINED: { status: 403, exit: 2, meaning: "A certificate request was not signed: the answer was not yes." },
  PACKET_INVALID: { status: 400, exit: 5, meaning: "A neighbour sent bytes that are no message of the protocol." },
  RULE_INVALID: { status: 400, exit: 3, meaning: "A firewall rule is not valid. The message names the rule." },
  MESH_CLOSED: { status: 503, exit: 5, meaning: "The node is shutting down." },
  DUPLICATE_NODE: {
    status: 409,
    exit: 10,
    meaning: "Another node of this id joined the mesh before, so this one shut down. Give it another id.",
  },
} as const satisfies ErrorTable;

/** A {@link meshErrors} code. */
export type MeshErrorCode = keyof typeof meshErrors;

/** Anything the room `mesh` refuses or fails at. */
export class MeshError extends FarhandError {
  override readonly name = "MeshError";
  declare readonly code: MeshErrorCode;

  constructor(code: MeshErrorCode, message: string, options?: ErrorOptions) {
    super(code, meshErrors[code], message, options);
  }
}
