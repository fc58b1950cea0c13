import { parseReceptorArgs, readSettingsFile } from "#worker";
import { askOn, makeCertificates } from "./certificates.ts";
import type { JsonOptions } from "./command.ts";
import type { Terminal } from "./terminal.ts";

/** Options of a certificate command: the keys of its section, as commander gives them. */
export type CertificateOptions = JsonOptions & Readonly<Record<string, string | readonly string[] | true | undefined>>;

/**
 * `farhand cert-…`: the section of Receptor's command line with these values, so that both refuse the same.
 *
 * @throws {SettingsError | MeshError}
 */
export async function runCertificateCommand(
  section: string,
  { json, ...values }: CertificateOptions,
  terminal: Terminal,
): Promise<void> {
  const words = Object.entries(values).flatMap(([key, value]) =>
    (Array.isArray(value) ? value : [value]).map((item) => `${key}=${item}`),
  );
  const request = parseReceptorArgs([`--${section}`, ...words], readSettingsFile);
  if (request.kind !== "start") return;
  const ask = askOn(terminal, async (text) => terminal.say(text));
  const files = await makeCertificates(request.directives, ask);
  if (json) terminal.print(JSON.stringify({ files }));
  else for (const file of files) terminal.print(file);
}
