/**
 * `npm run build`: TypeScript from src/ to dist/, the other files programs need beside it, the programs in few files
 * (bundle.mjs), the pages for browsers (build-pages.mjs), and executables.
 *
 * Quick when nothing changed: dist/.stamp holds a hash of everything the build reads, and one of what it wrote. Files
 * are replaced by rename, so that a daemon which runs from dist/ never loads half a module.
 */
import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { filesUnder, hashOf, put } from "./build-files.mjs";
import { buildPages } from "./build-pages.mjs";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");
const program = join(dist, "program");
const stampFile = join(dist, ".stamp");
const settings = ["package.json", "package-lock.json"];
const builders = ["scripts/build.mjs", "scripts/build-files.mjs", "scripts/bundle.mjs"];
/** Pieces of the last build are kept, and of builds so long before it. */
const keptMs = 60 * 60_000;
const isAsset = (path) => path.endsWith(".pl");

const inputs = [...[...settings, ...builders].map((name) => join(root, name)), ...filesUnder(join(root, "src"))];
const inputsHash = hashOf(root, inputs);

for (const path of filesUnder(join(root, "bin"))) chmodSync(path, 0o755);
if (!isCurrent()) await build();
await buildPages();

function isCurrent() {
  if (!existsSync(stampFile)) return false;
  return readFileSync(stampFile, "utf8") === stamp();
}

function stamp() {
  return `${inputsHash} ${hashOf(root, outputs())}\n`;
}

function outputs() {
  return filesUnder(dist).filter((path) => !isOthers(path) && path !== stampFile && !path.endsWith(".fresh"));
}

/** Of the pages, which have a stamp of their own. */
function isOthers(path) {
  return path.startsWith(join(dist, "web", "/")) || path === join(dist, ".web-stamp");
}

async function build() {
  const lastBuild = statSync(stampFile, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  rmSync(stampFile, { force: true });
  // The first one takes a while, and `npm start` says nothing else until then.
  if (lastBuild === 0) console.error("building Farhand; the first time that takes some seconds");
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

/**
 * Every source as a module of its own, without its types: whether those are right is the question of `npm run typecheck`, and to
 * answer it takes forty times as long.
 *
 * @returns the paths written, or undefined when a source cannot be read; then dist/ is as it was.
 */
async function compile() {
  const { rolldown } = await import("rolldown");
  const sources = filesUnder(join(root, "src")).filter((path) => /(?<!\.test|\.d)\.ts$/.test(path));
  const named = sources.map((path) => [relative(join(root, "src"), path).slice(0, -".ts".length), path]);
  const build = await rolldown({
    input: Object.fromEntries(named),
    platform: "node",
    treeshake: false,
    tsconfig: false,
    transform: { target: "es2023" },
    // Other rooms and packages are found when it runs; what `using` needs on Node 20 comes along.
    external: (id) => /^[^./]/.test(id) && !id.startsWith("@oxc-project/runtime/"),
  });
  try {
    const { output } = await build.generate({
      format: "esm",
      preserveModules: true,
      preserveModulesRoot: join(root, "src"),
      entryFileNames: "[name].js",
      sourcemap: true,
    });
    return new Set(output.map(writeModule));
  } catch (error) {
    process.stderr.write(`${error.message}\nbuild: dist/ left as it was\n`);
    return undefined;
  } finally {
    await build.close();
  }
}

function writeModule({ fileName, code, source }) {
  const path = join(dist, fileName);
  put(path, Buffer.from(code ?? source), 0o644);
  return path;
}

/** A daemon of an earlier build may yet want a piece of it. */
function isKept(path, lastBuild) {
  return path.startsWith(join(program, "/")) && statSync(path).mtimeMs > lastBuild - keptMs;
}
