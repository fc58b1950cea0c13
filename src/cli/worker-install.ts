import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { isAbsolute } from "node:path";
import { loadModes } from "#worker";
import { CliError } from "./errors.ts";
import { beneathWorker } from "./server/data-dir.ts";
import type { Terminal } from "./terminal.ts";

/** Options of `farhand worker install`. */
export interface InstallChoice {
  readonly user?: string;
  readonly capability?: readonly string[];
  readonly writable?: readonly string[];
  readonly print?: true;
}

const unitFile = "/etc/systemd/system/farhand-worker.service";
const configFolder = "/etc/farhand";

/** Install the system service, or print its unit file. @throws {CliError} USAGE; what a program of the system failed with. */
export async function installWorker(options: InstallChoice, terminal: Terminal): Promise<void> {
  const { adminGroup, systemdUnit } = await loadModes();
  const { user = "farhand", capability: capabilities = [], writable = [] } = options;
  checkWords(user, capabilities, writable);
  const [node, script] = thisProgram();
  const command = [node, script, "worker", "start", "--system"] as const;
  const unit = systemdUnit({ command, user, group: user, capabilities, writable });
  if (options.print) return terminal.print(unit.trimEnd());
  if (process.getuid?.() !== 0)
    throw new CliError("USAGE", "only root installs a system service", {
      remedy: "sudo, or --print to see the unit file",
    });
  if (existsSync(beneathWorker))
    throw new CliError("USAGE", `a server keeps its keys in ${beneathWorker}: the service's account would get them`, {
      remedy: `stop it, and \`mv ${beneathWorker} /var/lib/farhand-server\`; the server finds it there`,
    });
  if (!hasLine("/etc/group", adminGroup)) run(terminal, "groupadd", "--system", adminGroup);
  if (!hasLine("/etc/passwd", user)) makeAccount(user, terminal);
  mkdirSync(configFolder, { recursive: true, mode: 0o750 });
  run(terminal, "chown", `${user}:${adminGroup}`, configFolder);
  // What is written there gets the folder's group: its members read it (CAT-10), and only the service writes.
  chmodSync(configFolder, 0o2750);
  writeFileSync(unitFile, unit, { mode: 0o644 });
  terminal.say(`written: ${unitFile}`);
  terminal.print("systemctl daemon-reload && systemctl enable --now farhand-worker");
}

/** The account owns nothing but its state, and nobody logs in with it. */
function makeAccount(user: string, terminal: Terminal): void {
  const nowhere = ["--home-dir", "/var/lib/farhand", "--no-create-home", "--shell", "/usr/sbin/nologin"];
  run(terminal, "useradd", "--system", "--user-group", ...nowhere, user);
}

function run(terminal: Terminal, program: string, ...words: readonly string[]): void {
  terminal.say([program, ...words].join(" "));
  execFileSync(program, words, { stdio: ["ignore", "inherit", "inherit"] });
}

function hasLine(file: string, name: string): boolean {
  return readFileSync(file, "utf8")
    .split("\n")
    .some((line) => line.startsWith(`${name}:`));
}

/** Node and the script it runs, both by their real paths: a unit has no PATH of a login. */
function thisProgram(): [node: string, script: string] {
  return [realpathSync(process.execPath), realpathSync(process.argv[1] ?? "")];
}

function checkWords(user: string, capabilities: readonly string[], writable: readonly string[]): void {
  const wrong = (what: string) => new CliError("USAGE", what, { remedy: "--help shows how it is written" });
  if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(user)) throw wrong(`${user} is no name of an account`);
  for (const name of capabilities) if (!/^CAP_[A-Z_]+$/.test(name)) throw wrong(`${name} is no capability`);
  for (const path of writable)
    if (!isAbsolute(path) || /\p{C}/u.test(path)) throw wrong(`${JSON.stringify(path)} is no absolute path`);
}
