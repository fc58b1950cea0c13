import { boolean, integer, text, texts } from "../field.ts";
import type { SectionTable } from "../section.ts";

const alone = { phase: "run", exclusive: true } as const;

const bits = "Length of the RSA key.";
const notbefore = text("Start of validity, RFC 3339; now when absent.");
const outcert = text("File the certificate is written to.", { required: true });

/** Certificate helpers, which run alone and end. Source: Receptor specification §5.6. */
export const certificateSections = {
  "cert-init": {
    ...alone,
    description: "Makes a certificate authority.",
    mapName: "cert-init",
    inMap: "single",
    fields: {
      commonname: text("Common name of the authority.", { required: true }),
      bits: integer(bits, { required: true, min: 1 }),
      notbefore,
      notafter: text("End of validity, RFC 3339; ten years on when absent."),
      outcert,
      outkey: text("File the private key is written to.", { required: true }),
    },
  },
  "cert-makereq": {
    ...alone,
    description: "Makes a request for a certificate.",
    mapName: "cert-makereqs",
    inMap: "list",
    fields: {
      commonname: text("Common name of the certificate.", { required: true }),
      bits: integer(`${bits} Only for a new key.`),
      dnsname: texts("DNS names to certify."),
      ipaddress: texts("IP addresses to certify."),
      nodeid: texts("Node ids to certify."),
      outreq: text("File the request is written to.", { required: true }),
      inkey: text("File with an existing private key."),
      outkey: text("File a new private key is written to."),
    },
  },
  "cert-signreq": {
    ...alone,
    description: "Signs a request for a certificate.",
    mapName: "cert-signreqs",
    inMap: "list",
    fields: {
      req: text("File with the request.", { required: true }),
      cacert: text("File with the authority's certificate.", { required: true }),
      cakey: text("File with the authority's private key.", { required: true }),
      notbefore,
      notafter: text("End of validity, RFC 3339; a year on when absent."),
      outcert,
      verify: boolean("Sign without asking.", { default: false }),
    },
  },
} as const satisfies SectionTable;
