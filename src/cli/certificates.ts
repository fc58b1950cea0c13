import { makeAuthority, makeRequest, signRequest } from "#mesh";
import { type Directive, directivesOf } from "#worker";
import { LineReader } from "#core";
import type { Terminal } from "./terminal.ts";

/** Shows what would be signed, and tells whether it shall be. */
export type Ask = (details: string) => Promise<boolean>;

/**
 * Do what the certificate sections say: authorities, then requests, then signatures (spec §5.5, §5.6).
 *
 * @returns the files that were written, in order.
 * @throws {MeshError} at the first that cannot be done.
 */
export async function makeCertificates(directives: readonly Directive[], ask: Ask): Promise<string[]> {
  const written: string[] = [];
  for (const { values } of directivesOf(directives, "cert-init")) {
    const { commonname, bits, outcert, outkey } = values;
    await makeAuthority({ commonName: commonname, bits, outCert: outcert, outKey: outkey, ...validityOf(values) });
    written.push(outkey, outcert);
  }
  for (const { values } of directivesOf(directives, "cert-makereq")) {
    await makeRequest({
      commonName: values.commonname,
      bits: values.bits,
      dnsNames: values.dnsname ?? [],
      ipAddresses: values.ipaddress ?? [],
      nodeIds: values.nodeid ?? [],
      outReq: values.outreq,
      inKey: values.inkey,
      outKey: values.outkey,
    });
    written.push(...(values.outkey ? [values.outkey] : []), values.outreq);
  }
  for (const { values } of directivesOf(directives, "cert-signreq")) {
    const { req, cacert, cakey, outcert, verify } = values;
    const confirm = verify ? undefined : ask;
    await signRequest({ req, caCert: cacert, caKey: cakey, outCert: outcert, confirm, ...validityOf(values) });
    written.push(outcert);
  }
  return written;
}

/** Ask on the terminal, by `show`; an answer is a line, and only `y` and `yes` are consent (spec §5.6). */
export function askOn(terminal: Terminal, show: (text: string) => Promise<void>): Ask {
  const answers = linesOf(terminal);
  return async (details) => {
    await show(`${details}\nSign certificate (yes/no)? `);
    const { value } = await answers.next();
    return /^\s*y(es)?\s*$/i.test(value ?? "");
  };
}

/** Stdin is not touched before the first question. */
async function* linesOf(terminal: Terminal): AsyncGenerator<string, undefined> {
  const reader = new LineReader(1024);
  for await (const chunk of terminal.stdin) {
    reader.push(chunk);
    for (let line = reader.next(); line; line = reader.next()) yield line.toString();
  }
  // The last line may lack its end.
  yield reader.take().toString();
  return undefined;
}

function validityOf({ notbefore, notafter }: { notbefore: string | undefined; notafter: string | undefined }) {
  return { notBefore: timeIn(notbefore), notAfter: timeIn(notafter) };
}

/** Times were checked with the settings. */
function timeIn(text: string | undefined): Date | undefined {
  return text ? new Date(text) : undefined;
}
