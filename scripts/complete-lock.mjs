/**
 * `npm run lock`: list in package-lock.json the platform packages that a registry did not serve.
 *
 * Some mirrors hold only part of a tool's binaries. `npm install` then leaves the others out of the lock file without a
 * word, and `npm ci` refuses that lock file everywhere. They are optional and pinned by the package that names them, so
 * version and platform are known; they carry no checksum, since nobody here has seen them.
 *
 * Usage: node scripts/complete-lock.mjs [--check]
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const lockFile = join(import.meta.dirname, "..", "package-lock.json");
const lock = JSON.parse(readFileSync(lockFile, "utf8"));
const added = [];

for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (isListed(path, name)) continue;
    const platform = platformOf(name);
    if (!platform) throw new Error(`${name} of ${path} is not in the lock file, and its name tells no platform`);
    lock.packages[`node_modules/${name}`] = {
      version,
      ...(entry.dev ? { dev: true } : {}),
      optional: true,
      ...platform,
    };
    added.push(`${name}@${version}`);
  }
}

if (added.length === 0) console.log("package-lock.json is complete");
else if (process.argv.includes("--check")) {
  console.log(`package-lock.json lacks, so npm ci will fail (npm run lock adds them):\n${added.join("\n")}`);
  process.exitCode = 1;
} else {
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, "en"));
  writeFileSync(lockFile, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
  console.log(`package-lock.json now lists ${added.length} more platform packages`);
}

/** Looked for as Node does: beside the package, or in a node_modules folder above it. */
function isListed(path, name) {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf("node_modules/") - 1))) {
    if (lock.packages[`${at === "" ? "" : `${at}/`}node_modules/${name}`]) return true;
    if (at === "") return false;
  }
}

/** `@oxlint/binding-linux-arm-musleabihf` is for musl on 32-bit ARM Linux. */
function platformOf(name) {
  const words = name.split(/[/-]/);
  if (words.includes("wasm32")) return { cpu: ["wasm32"] };
  const os = words.find((word) =>
    /^(aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)$/.test(word),
  );
  const cpu = words.find((word) => /^(arm|arm64|ia32|loong64|ppc64|riscv64|s390x|x64)$/.test(word));
  // One binary for every processor of a system.
  if (os && words.includes("universal")) return { os: [os] };
  if (!os || !cpu) return undefined;
  if (os !== "linux") return { cpu: [cpu], os: [os] };
  const libc = words.some((word) => word.startsWith("musl"))
    ? ["musl"]
    : words.some((word) => word.startsWith("gnu"))
      ? ["glibc"]
      : undefined;
  return { cpu: [cpu], ...(libc ? { libc } : {}), os: [os] };
}
