import type { CertificateOptions } from "../certificate-command.ts";
import { type Command, jsonOption } from "../command.ts";

/** `farhand cert-makereq` (spec §5.6). */
export const certMakereq = {
  name: "cert-makereq",
  title: "Certificates of nodes",
  summary: "Make a request for a node's certificate",
  details: [
    "With a new key (--outkey and --bits) or one that is there (--inkey). A node's certificate must carry its node id;",
    "listeners that other programs dial by name or address need those too. Prints the files it wrote.",
  ].join(" "),
  options: [
    { flags: "--commonname <name>", description: "common name of the certificate; required" },
    { flags: "--nodeid <id>", description: "node id to certify", repeatable: true },
    { flags: "--dnsname <name>", description: "DNS name to certify", repeatable: true },
    { flags: "--ipaddress <address>", description: "IP address to certify", repeatable: true },
    { flags: "--outreq <file>", description: "file the request is written to; required", completes: "file" },
    { flags: "--bits <number>", description: "length of a new RSA key" },
    { flags: "--outkey <file>", description: "file a new key is written to", completes: "file" },
    { flags: "--inkey <file>", description: "file with a key that is there", completes: "file" },
    jsonOption,
  ],
  examples: [
    [
      "farhand cert-makereq --commonname foo --nodeid foo --dnsname foo.example --bits 2048 --outkey foo.key --outreq foo.csr",
      "for node foo, with a new key",
    ],
    ["farhand cert-makereq --commonname foo --nodeid foo --inkey foo.key --outreq foo.csr", "again, with its key"],
  ],
  async run({ options }, terminal) {
    const { runCertificateCommand } = await import("../certificate-command.ts");
    await runCertificateCommand("cert-makereq", options, terminal);
  },
} satisfies Command<CertificateOptions>;
