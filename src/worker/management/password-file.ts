import { readKept, writeKept } from "./kept-file.ts";
import type { PasswordRecord } from "./service-password.ts";

/** The hash in a file of its own, 0600. Read once: only the service writes it. @throws the system error. */
export function passwordFile(path: string): PasswordRecord {
  let stored = readKept(path)?.trim() || undefined;
  return {
    read: () => stored,
    write: (phc) => {
      writeKept(path, phc === undefined ? undefined : `${phc}\n`);
      stored = phc;
    },
  };
}
