import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Write the folder of a unit that has succeeded, as any Receptor would find it (status file: Receptor specification
 * §2.2). `stdoutSize` is only what its status says; the output itself is the caller's to write.
 */
export function plantUnit(unitsFolder, id, workType, stdoutSize) {
  const dir = join(unitsFolder, id);
  mkdirSync(dir, { mode: 0o700 });
  const status = {
    State: 2,
    Detail: "exit status 0",
    StdoutSize: stdoutSize,
    WorkType: workType,
    ExtraData: { Pid: 4242, Params: "" },
  };
  for (const [name, text] of Object.entries({ status: `${JSON.stringify(status)}\n`, "status.lock": "", stdin: "" }))
    writeFileSync(join(dir, name), text, { mode: 0o600 });
  return dir;
}
