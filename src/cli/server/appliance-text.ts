import { realpathSync } from "node:fs";
import { delimiter, join, relative } from "node:path";
import type { RunningServer } from "#server";
import type { Places } from "../places.ts";
import type { Terminal } from "../terminal.ts";

/** Where the server is, who gets in, and where all of it is kept. */
export function serverLines({ url, firstAdmin, core }: RunningServer, { state }: Places, isRoot: boolean): string[] {
  const login = firstAdmin
    ? `user ${firstAdmin.name}, password ${firstAdmin.password}   (shown this once)`
    : "as before   (lost: `farhand server admin-recover`)";
  return [
    `Server:  ${url}   (its authority: ${core.authority.files.certificate})`,
    `Login:   ${login}`,
    `State:   ${state}${isRoot ? "   (XDG_STATE_HOME names another folder)" : ""}`,
  ];
}

/** What to try, with the program's name as it can be typed here. */
export function nextLines(
  { url, worker, farhand }: { readonly url: string; readonly worker: string; readonly farhand: string },
  { state }: Places,
): string[] {
  const tries = [
    ["workers", "who is there"],
    [`run ${worker} -- uname -sr`, "a command there, or ./script.sh of yours"],
    [`capture ${worker}`, "packets of its networks, live"],
    ["enrol-token", "what another machine joins with"],
    ["totp enable", "a second factor for your login"],
  ].map(([line, about]) => [`${farhand} ${line}`, about] as const);
  const width = Math.max(...tries.map(([line]) => line.length));
  return [
    "Both go on until Ctrl-C. In a browser, open",
    `  ${url}`,
    "In another terminal, try:",
    `  ${farhand} login ${url} --user admin --ca ${join(state, "server", "authority.crt")}`,
    ...tries.map(([line, about]) => `  ${line.padEnd(width)}   # ${about}`),
    `  ${farhand} worker status --socket ${join(state, "run", "worker.sock")}`,
    `  receptorctl --socket ${join(state, "run", "control.sock")} status`,
  ];
}

/** How this program is called here: by its name where $PATH finds it, otherwise by the way to it. */
export function ownName(program: string, env: Terminal["env"], cwd: string): string {
  const found = (env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "farhand"));
  if (found.some((path) => isSame(path, program))) return "farhand";
  const way = relative(cwd, program);
  return way.startsWith("..") ? program : way.includes("/") ? way : `./${way}`;
}

function isSame(path: string, program: string): boolean {
  try {
    return realpathSync(path) === realpathSync(program);
  } catch {
    return false;
  }
}
