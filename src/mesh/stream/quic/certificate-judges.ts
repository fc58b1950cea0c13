import { X509Certificate } from "node:crypto";
import { pinnedFault, type TlsClientProfile, type TlsMaterial } from "#core";
import { insecureCommonName } from "../../certificate/insecure.ts";
import { checkNodeId } from "../../certificate/node-id-names.ts";
import { verifyChain } from "../../certificate/verify-chain.ts";

/** Why a chain (DER, leaf first) is not that of `node`, or undefined when it is (spec §4.5). */
export type Judge = (chain: readonly Uint8Array[], node: string) => string | undefined;

/** Without a profile: only that the far end has none either. */
export function judgeInsecureServer(chain: readonly Uint8Array[]): string | undefined {
  return chain.some(isInsecure) ? undefined : "insecure connection to secure service";
}

/** A server, by a tls-client profile. Pinned fingerprints count also where nothing else is verified. */
export function judgeServer(profile: TlsClientProfile, { ca }: TlsMaterial, at: Date): Judge {
  return (chain, node) => {
    const [leaf] = chain;
    const pinned = pinnedFault(leaf, profile.pinnedServerCert);
    if (profile.insecureSkipVerify) return pinned;
    return verifyChain({ chain, cas: ca, purpose: "server", at }) ?? nameFault(leaf, node) ?? pinned;
  };
}

/** A client, by the CA files of a tls-server profile. `node` is where its datagrams say they come from. */
export function judgeClient({ ca }: TlsMaterial, at: Date): Judge {
  return (chain, node) => verifyChain({ chain, cas: ca, purpose: "client", at }) ?? nameFault(chain[0], node);
}

function nameFault(leaf: Uint8Array | undefined, node: string): string | undefined {
  return leaf ? checkNodeId(leaf, node) : "tls: no certificates were shown";
}

function isInsecure(certificate: Uint8Array): boolean {
  try {
    return new X509Certificate(certificate).subject.split("\n").includes(`CN=${insecureCommonName}`);
  } catch {
    return false;
  }
}
