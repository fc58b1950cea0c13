import type { CertificateOptions } from "../certificate-command.ts";
import { type Command, jsonOption } from "../command.ts";

/** `farhand cert-init` (spec §5.6). */
export const certInit = {
  name: "cert-init",
  title: "Certificates of nodes",
  summary: "Make a certificate authority",
  details: [
    "Writes a new RSA key, for its owner alone, and the certificate it signed itself; files that are there are replaced.",
    "Prints the files it wrote. Certificates of nodes are then made with cert-makereq and cert-signreq.",
  ].join(" "),
  options: [
    { flags: "--commonname <name>", description: "common name of the authority; required" },
    { flags: "--bits <number>", description: "length of the key, such as 2048; required" },
    { flags: "--outcert <file>", description: "file the certificate is written to; required", completes: "file" },
    { flags: "--outkey <file>", description: "file the key is written to; required", completes: "file" },
    { flags: "--notbefore <time>", description: "start of validity, RFC 3339; now when absent" },
    { flags: "--notafter <time>", description: "end of validity, RFC 3339; ten years on when absent" },
    jsonOption,
  ],
  examples: [
    [
      "farhand cert-init --commonname 'my mesh' --bits 4096 --outcert ca.crt --outkey ca.key",
      "an authority for ten years",
    ],
  ],
  async run({ options }, terminal) {
    const { runCertificateCommand } = await import("../certificate-command.ts");
    await runCertificateCommand("cert-init", options, terminal);
  },
} satisfies Command<CertificateOptions>;
