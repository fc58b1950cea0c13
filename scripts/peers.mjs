/**
 * Programs of other people that the tests talk to, installed in private under .cache/.
 *
 * `preparePeers()` gives the environment that tells the tests where they are, and what is missing and why. Tests of a
 * missing peer are skipped by name; under CI=true that is a failure.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const cache = join(import.meta.dirname, "..", ".cache");
/** Exact versions, so that a run next year talks to the same peers. */
const receptorctl = "1.6.9";
/** With it, in the same folder: what a ReCodEx broker sends with, and a WebSocket client that is not ours. */
const requirements = [`receptorctl==${receptorctl}`, "pyzmq==27.3.0", "websockets==17.4"];
/** Debian packages behind the programs that the tests start. */
const debianPackages = [
  "python3",
  "python3-venv",
  "python3-pip",
  "openssl",
  "procps",
  "iproute2",
  "systemd",
  "rabbitmq-server",
  "postgresql-15",
  "nginx-light",
  "chromium",
  "dnsmasq-base",
  "mtr-tiny",
  "nmap",
  "tcpdump",
  "traceroute",
];

/** Programs of the system that the tests start, each with a call that shows it is there. */
const tools = {
  openssl: ["openssl", "version"],
  ps: ["ps", "--version"],
  ip: ["ip", "-Version"],
  // It looks at our unit file; nothing is started.
  "systemd-analyze": ["systemd-analyze", "--version"],
  // The tests start one of their own (test/kit/postgres.ts).
  postgresql: ["test", "-x", "/usr/lib/postgresql/15/bin/initdb"],
  // The tests start one of their own (test/kit/nginx.ts).
  nginx: ["/usr/sbin/nginx", "-v"],
  chromium: ["chromium", "--version"],
  dnsmasq: ["/usr/sbin/dnsmasq", "--version"],
  mtr: ["mtr", "--version"],
  nmap: ["nmap", "--version"],
  tcpdump: ["tcpdump", "--version"],
  traceroute: ["traceroute", "--version"],
  // The tests start one of their own (test/kit/rabbitmq.ts); asking this one for its version would start it.
  "rabbitmq-server": ["test", "-x", "/usr/lib/rabbitmq/bin/rabbitmq-server"],
};
/** Debian asks this script before a package may start its service. */
const servicePolicy = "/usr/sbin/policy-rc.d";

export function preparePeers() {
  const absentTools = () => Object.keys(tools).filter((name) => !works(tools[name]));
  const folder = join(cache, `receptorctl-${receptorctl}`);
  let problem = prepareVenv(folder);
  if (problem || absentTools().length > 0) {
    installDebianPackages();
    problem = prepareVenv(folder);
  }
  const missing = absentTools().map((name) => `${name} is not installed`);
  if (problem) return { env: {}, missing: [...missing, `receptorctl ${receptorctl} cannot be installed: ${problem}`] };
  const bin = join(folder, "bin");
  return { env: { FARHAND_RECEPTORCTL: join(bin, "receptorctl"), FARHAND_PYTHON: join(bin, "python3") }, missing };
}

/** Make the virtual environment, or find it made. Gives what went wrong, or undefined. */
function prepareVenv(folder) {
  const ready = join(folder, "ready");
  const wanted = `${folder}\n${requirements.join("\n")}\n`;
  const python = join(folder, "bin", "python3");
  if (existsSync(ready) && readFileSync(ready, "utf8") === wanted && works([python, "--version"])) return undefined;
  rmSync(folder, { recursive: true, force: true });
  console.log(`preparing ${requirements.join(", ")} in ${folder}`);
  const problem =
    failureOf(["python3", "-m", "venv", folder]) ??
    failureOf([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...requirements]);
  if (problem === undefined) writeFileSync(ready, wanted);
  return problem;
}

/** On Debian, as root, the missing parts can be had; elsewhere the tests that need them are skipped by name. */
function installDebianPackages() {
  if (process.getuid?.() !== 0 || !works(["apt-get", "--version"])) return;
  console.log(`installing ${debianPackages.join(", ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  failureOf(["apt-get", "update", "-q"], env);
  const install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", ...debianPackages];
  const problem = withoutServices(() => failureOf(install, env));
  if (problem) console.log(problem);
}

/** Packages that bring a server start it, open to the network: none of that. */
function withoutServices(install) {
  if (existsSync(servicePolicy)) return install();
  writeFileSync(servicePolicy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    return install();
  } finally {
    rmSync(servicePolicy);
  }
}

function works([program, ...args]) {
  return spawnSync(program, args, { stdio: "ignore" }).status === 0;
}

/** The last lines a failing command wrote, or undefined when it succeeded. */
function failureOf([program, ...args], env = process.env) {
  const { status, error, stdout, stderr } = spawnSync(program, args, {
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status === 0) return undefined;
  const said = `${stdout ?? ""}${stderr ?? ""}`.trim().split("\n").slice(-5).join("\n");
  return `${program} ${args.join(" ")}: ${error?.message ?? said}`;
}
