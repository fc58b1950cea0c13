/**
 * `npm run build`: TypeScript from src/ to dist/, the other files programs need beside it, the programs in few files
 * (bundle.mjs), and executables.
 *
 * Quick when nothing changed: dist/.stamp holds a hash of everything the build reads, and one of what it wrote. Files
 * are replaced by rename, so that a daemon which runs from dist/ never loads half a module.
 */
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");
const program = join(dist, "program");
const stampFile = join(dist, ".stamp");
const settings = ["package.json", "package-lock.json", "tsconfig.json", "tsconfig.build.json"];
const builders = ["scripts/build.mjs", "scripts/bundle.mjs"];
/** Pieces of the last build are kept, and of builds so long before it. */
const keptMs = 60 * 60_000;
const isAsset = (path) => path.endsWith(".pl");

const inputs = [...[...settings, ...builders].map((name) => join(root, name)), ...filesUnder(join(root, "src"))];
const inputsHash = hashOf(inputs);

for (const path of filesUnder(join(root, "bin"))) chmodSync(path, 0o755);
if (!isCurrent()) await build();

function isCurrent() {
  if (!existsSync(stampFile)) return false;
  return readFileSync(stampFile, "utf8") === stamp();
}

function stamp() {
  return `${inputsHash} ${hashOf(outputs())}\n`;
}

function outputs() {
  return filesUnder(dist).filter((path) => path !== stampFile && !path.endsWith(".fresh"));
}

async function build() {
  const lastBuild = statSync(stampFile, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  rmSync(stampFile, { force: true });
  // The first one takes a while, and `npm start` says nothing else until then.
  if (lastBuild === 0) console.error("building Farhand; the first time that takes up to a minute");
  const written = await compile();
  if (!written) {
    process.exitCode = 1;
    return;
  }
  for (const path of filesUnder(join(root, "src")).filter(isAsset)) {
    const target = join(dist, relative(join(root, "src"), path));
    put(target, readFileSync(path), statSync(path).mode);
    written.add(target);
  }
  const { bundle } = await import("./bundle.mjs");
  for (const [path, text] of await bundle(dist, program)) {
    put(path, Buffer.from(text), 0o644);
    written.add(path);
  }
  for (const path of outputs()) if (!written.has(path) && !isKept(path, lastBuild)) rmSync(path);
  writeFileSync(stampFile, stamp());
}

/** The paths written, or undefined when the sources have errors; then dist/ is as it was. */
async function compile() {
  const { default: ts } = await import("typescript");
  const host = {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
      throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n"));
    },
  };
  const config = ts.getParsedCommandLineOfConfigFile(join(root, "tsconfig.build.json"), {}, host);
  const program = ts.createProgram(config.fileNames, config.options);
  const problems = [...config.errors, ...ts.getPreEmitDiagnostics(program)];
  if (problems.length > 0) {
    const format = process.stderr.isTTY ? ts.formatDiagnosticsWithColorAndContext : ts.formatDiagnostics;
    const names = { getCurrentDirectory: () => root, getCanonicalFileName: (name) => name, getNewLine: () => "\n" };
    process.stderr.write(format(problems, names));
    process.stderr.write(`build: ${problems.length} error(s), dist/ left as it was\n`);
    return undefined;
  }
  const written = new Set();
  program.emit(undefined, (path, text) => {
    put(path, Buffer.from(text), 0o644);
    written.add(path);
  });
  return written;
}

/** A daemon of an earlier build may yet want a piece of it. */
function isKept(path, lastBuild) {
  return path.startsWith(join(program, "/")) && statSync(path).mtimeMs > lastBuild - keptMs;
}

function put(path, bytes, mode) {
  if (existsSync(path) && readFileSync(path).equals(bytes)) {
    chmodSync(path, mode);
    utimesSync(path, new Date(), new Date());
    return;
  }
  mkdirSync(dirname(path), { recursive: true });
  const fresh = `${path}.${process.pid}.fresh`;
  writeFileSync(fresh, bytes);
  chmodSync(fresh, mode);
  renameSync(fresh, path);
}

function filesUnder(top) {
  if (!existsSync(top)) return [];
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function hashOf(paths) {
  const hash = createHash("sha256");
  for (const path of paths) {
    const bytes = readFileSync(path);
    hash.update(`${relative(root, path)} ${statSync(path).mode} ${bytes.length}\n`).update(bytes);
  }
  return hash.digest("hex");
}
