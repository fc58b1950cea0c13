import { WorkerError } from "../errors.ts";
import { readKept, writeKept } from "./kept-file.ts";
import type { PasswordRecord } from "./service-password.ts";

/**
 * The hash in a file of its own, 0600. Read once: only the service writes it.
 *
 * @param configured the hash that the configuration holds, if any: it counts while the file has none.
 * @throws the system error.
 */
export function passwordFile(path: string, configured: () => string | undefined = () => undefined): PasswordRecord {
  let stored = readKept(path)?.trim() || undefined;
  return {
    read: () => stored ?? configured(),
    write: (phc) => {
      if (phc === undefined && configured() !== undefined)
        throw new WorkerError("PASSWORD_UNFIT", "the password stands in the configuration: clear /legacyPassword/hash");
      writeKept(path, phc === undefined ? undefined : `${phc}\n`);
      stored = phc;
    },
  };
}
