import { boolean, text, texts } from "../field.ts";
import type { SectionTable } from "../section.ts";

const skipreceptornamescheck = boolean("Do not ask that the certificate names this node.", { default: false });
const mintls13 = boolean("Speak TLS 1.3 only.", { default: false });

/** TLS profiles. Source: Receptor specification §5.4 and §4.5. */
export const tlsSections = {
  "tls-server": {
    description: "A named TLS profile for listeners.",
    mapName: "tls-servers",
    inMap: "list",
    phase: "prepare",
    fields: {
      name: text("Name other sections use.", { required: true }),
      cert: text("File with the certificate, PEM.", { required: true, file: true }),
      key: text("File with its private key, PEM.", { required: true, file: true }),
      requireclientcert: boolean("Ask for a client certificate and verify it.", { default: false }),
      clientcas: text("File with the authorities that client certificates are verified against.", { file: true }),
      pinnedclientcert: texts("Fingerprints (SHA-256 or SHA-512, hex) of the client certificates allowed."),
      skipreceptornamescheck,
      mintls13,
    },
  },
  "tls-client": {
    description: "A named TLS profile for outgoing connections.",
    mapName: "tls-clients",
    inMap: "list",
    phase: "prepare",
    fields: {
      name: text("Name other sections use.", { required: true }),
      cert: text("File with the client certificate, PEM; may be empty.", { required: true, file: true }),
      key: text("File with its private key, PEM; may be empty.", { required: true, file: true }),
      rootcas: text("File with the authorities the server is verified against; the system's when absent.", {
        file: true,
      }),
      wellknownroots: boolean("Verify the server against the system's authorities too, besides rootcas.", {
        own: true,
        default: false,
      }),
      insecureskipverify: boolean("Do not verify the server at all.", { default: false }),
      pinnedservercert: texts("Fingerprints (SHA-256 or SHA-512, hex) of the server certificates allowed."),
      skipreceptornamescheck,
      mintls13,
    },
  },
} as const satisfies SectionTable;
