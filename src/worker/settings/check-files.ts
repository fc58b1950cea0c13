import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { errorText, systemCode } from "#core";
import { type Directive, faultOf, valueOf } from "./directive.ts";
import { Faults } from "./faults.ts";
import { fieldsOf, type SectionName } from "./sections.ts";

const prefixes: Partial<Record<SectionName, string>> = {
  "tls-server": "error preparing tls server config: ",
  "tls-client": "error preparing tls client config: ",
};

/**
 * Look whether the files that sections name (certificates, keys) can be read. A step of starting, not of parsing, so that
 * settings can be checked on another machine.
 *
 * @throws {SettingsError} `SETTINGS_INVALID` with each file that is missing.
 */
export async function checkFiles(directives: readonly Directive[]): Promise<void> {
  const faults = new Faults();
  for (const directive of directives) {
    for (const [key, { file }] of fieldsOf(directive.section)) {
      const path = valueOf(directive, key);
      if (!file || typeof path !== "string" || path === "") continue;
      const fault = await fileFault(path);
      if (fault) faults.add(faultOf(directive, key, `${prefixes[directive.section] ?? ""}${fault}`));
    }
  }
  faults.throwIfAny();
}

async function fileFault(path: string): Promise<string | undefined> {
  try {
    await access(path, constants.R_OK);
    return undefined;
  } catch (error) {
    return systemCode(error) === "ENOENT" ? `${path} does not exist` : `${path} cannot be read: ${errorText(error)}`;
  }
}
