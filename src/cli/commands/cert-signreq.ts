import type { CertificateOptions } from "../certificate-command.ts";
import { type Command, jsonOption } from "../command.ts";

/** `farhand cert-signreq` (spec §5.6). */
export const certSignreq = {
  name: "cert-signreq",
  title: "Certificates of nodes",
  summary: "Sign a request with an authority's key",
  details: [
    "Shows what is asked for and waits for `yes`, unless --verify is given. Of the request only its DNS names, IP",
    "addresses and node ids are taken over. Prints the file it wrote.",
  ].join(" "),
  options: [
    { flags: "--req <file>", description: "the request; required", completes: "file" },
    { flags: "--cacert <file>", description: "the authority's certificate; required", completes: "file" },
    { flags: "--cakey <file>", description: "the authority's key; required", completes: "file" },
    { flags: "--outcert <file>", description: "file the certificate is written to; required", completes: "file" },
    { flags: "--notbefore <time>", description: "start of validity, RFC 3339; now when absent" },
    { flags: "--notafter <time>", description: "end of validity, RFC 3339; a year on when absent" },
    { flags: "--verify", description: "sign without asking: the request is verified already" },
    jsonOption,
  ],
  examples: [
    [
      "farhand cert-signreq --req foo.csr --cacert ca.crt --cakey ca.key --outcert foo.crt",
      "show it, ask, and sign for a year",
    ],
  ],
  async run({ options }, terminal) {
    const { runCertificateCommand } = await import("../certificate-command.ts");
    await runCertificateCommand("cert-signreq", options, terminal);
  },
} satisfies Command<CertificateOptions>;
