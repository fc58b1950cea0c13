import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { silentLog } from "#core";
import { type JoinWish, joinServer } from "../../src/worker/service/join-server.ts";
import { startService } from "../../src/worker/service/service.ts";
import { fingerprintOf, makeCertificates } from "./certificates.ts";
import { cliSession } from "./cli-session.ts";
import { freePort } from "./free-port.ts";
import type { TempFolder } from "./temp-folder.ts";

const password = "ein langes gutes Passwort";

/**
 * A worker whose own HTTPS port is open, what somebody would write down of it, and that somebody.
 *
 * @param joining the server it joins; absent: it has none.
 */
export async function standaloneWorker(
  folder: TempFolder,
  level = "configure",
  joining?: Pick<JoinWish, "serverUrl" | "token" | "name">,
) {
  const { server } = await makeCertificates(folder.path);
  const port = await freePort();
  const env = {
    XDG_CONFIG_HOME: folder.file("c"),
    XDG_STATE_HOME: folder.file("s"),
    XDG_RUNTIME_DIR: folder.file("r"),
  };
  await mkdir(join(env.XDG_CONFIG_HOME, "farhand"), { recursive: true, mode: 0o700 });
  const document = {
    api: { enabled: true, listen: "127.0.0.1", port, cert: server.cert, key: server.key },
    legacyPassword: { remote: true, level },
    workTypes: [{ worktype: "echo", command: "echo" }],
  };
  await writeFile(join(env.XDG_CONFIG_HOME, "farhand/worker.yaml"), JSON.stringify(document), { mode: 0o600 });
  if (joining) {
    const signal = AbortSignal.timeout(60_000);
    await joinServer({ ...joining, workTypes: [], mode: "session", env: { ...env }, log: silentLog, signal });
  }
  const service = await startService({ mode: "session", env: { ...env }, log: silentLog });
  const session = cliSession(folder.file("user"));
  const own = cliSession(folder.file("c"));
  Object.assign(own.env, env);
  const passwordFile = folder.file("password");
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  const set = await own.farhand("worker", "password", "--session", "--new-password-file", passwordFile);
  const pin = `sha256:${fingerprintOf(server.cert)}`;
  return {
    ...{ session, set, passwordFile, entry: { name: "shed", host: "127.0.0.1", port, pin, passwordFile } },
    close: () => service.close("stopped"),
  };
}
