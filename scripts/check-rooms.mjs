/**
 * `npm run rooms`: the architecture rules of docs/architecture.md, as a program.
 *
 * Usage: node scripts/check-rooms.mjs [root]
 *
 * Prints `file:line: rule` for everything that breaks one and exits 1. The rules:
 *  - every folder of src/ is a room of scripts/rooms.mjs, and every file stands in a room;
 *  - a room has a door `mod.ts`, and the door opens with a doc comment;
 *  - a room imports only the rooms listed for it, which are of lower rank, by `#room` or `#room/wire`;
 *  - no relative path leaves its room; tests may reach test/kit/;
 *  - sources import nothing from test/, bench/ or dist/; web/ imports nothing of ours but `#room/wire`;
 *  - a runtime package is declared, and imported by one file only;
 *  - files have kebab-case names that say something.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import ts from "typescript";
import { forbiddenNames, rooms, sharedPackages } from "./rooms.mjs";

/** Everything that breaks a rule under `root`, as `{ file, line, rule }`, in the order of files. */
export function checkRooms(root) {
  const sources = filesUnder(root, "src").map((path) => readSource(root, path));
  const pages = filesUnder(root, "web").map((path) => readSource(root, path));
  const all = [...sources, ...pages];
  return [
    ...all.flatMap(checkName),
    ...checkDoors(root, sources),
    ...sources.flatMap((source) => source.imports.flatMap((found) => checkImport(source, found))),
    ...pages.flatMap((page) => page.imports.flatMap((found) => checkPageImport(page, found))),
    ...checkPackages(root, sources),
  ].sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line);
}

function filesUnder(root, folder) {
  const top = join(root, folder);
  if (!existsSync(top)) return [];
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .map((path) => path.split(sep).join("/"))
    .filter((path) => !path.includes("node_modules/"))
    .sort();
}

function readSource(root, path) {
  const isCode = /\.[cm]?tsx?$/.test(path);
  return {
    path,
    room: path.startsWith("src/") ? path.split("/")[1] : "web",
    isTest: /\.test\.[cm]?tsx?$/.test(path),
    imports: isCode ? importsOf(path, readFileSync(join(root, path), "utf8")) : [],
  };
}

/** Every module a file names: import, export … from, import(), import type, require. */
function importsOf(path, text) {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found = [];
  const add = (node, name) => {
    const line = file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
    found.push({ line, name: name && ts.isStringLiteralLike(name) ? name.text : undefined });
  };
  const visit = (node) => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier)
      add(node, node.moduleSpecifier);
    else if (ts.isExternalModuleReference(node)) add(node, node.expression);
    else if (ts.isImportTypeNode(node))
      add(node, ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined);
    else if (isDynamicImport(node)) add(node, node.arguments[0]);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function isDynamicImport(node) {
  if (!ts.isCallExpression(node)) return false;
  const called = node.expression;
  return called.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(called) && called.text === "require");
}

function checkName({ path }) {
  const broken = (rule) => [{ file: path, line: 1, rule }];
  const [, ...parts] = path.split("/");
  if (path.startsWith("src/") && parts.length < 2) return broken("a file of src/ stands in a room");
  for (const part of parts) {
    const name = part.split(".")[0];
    const bad = name.split("-").find((word) => forbiddenNames.includes(word));
    if (bad) return broken(`"${bad}" names no concern; name the file after what it holds`);
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) return broken(`"${part}" is not kebab-case`);
  }
  return [];
}

function checkDoors(root, sources) {
  const folders = new Set(sources.filter(({ path }) => path.split("/").length > 2).map(({ room }) => room));
  return [...folders].flatMap((room) => {
    const broken = (file, rule) => [{ file, line: 1, rule }];
    if (!Object.hasOwn(rooms, room)) return broken(`src/${room}`, `"${room}" is no room of scripts/rooms.mjs`);
    const door = `src/${room}/mod.ts`;
    if (!existsSync(join(root, door))) return broken(door, "every room has a door, mod.ts");
    const text = readFileSync(join(root, door), "utf8").trimStart();
    return text.startsWith("/**") ? [] : broken(door, "a door opens with a doc comment that says what the room is for");
  });
}

function checkImport(source, { line, name }) {
  const broken = (rule) => [{ file: source.path, line, rule }];
  if (name === undefined) return broken("a dynamic import names its module by a literal");
  if (name.startsWith(".")) return checkRelative(source, name).flatMap(broken);
  if (name.startsWith("#")) return checkRoomImport(source.room, name).flatMap(broken);
  if (name.startsWith("/") || name.startsWith("file:")) return broken("an import is never an absolute path");
  return [];
}

function checkRelative({ path, room, isTest }, name) {
  const target = join(dirname(path), name).split(sep).join("/");
  if (isTest && target.startsWith("test/kit/")) return [];
  const outside = /^(test|bench|dist)\//.exec(target);
  if (outside) return [`sources import nothing from ${outside[1]}/`];
  if (target.startsWith(`src/${room}/`)) return [];
  return [`"${name}" leaves the room; use the other room's door, "#room" or "#room/wire"`];
}

function checkRoomImport(room, name) {
  const [target, part, ...rest] = name.slice(1).split("/");
  if (!Object.hasOwn(rooms, target)) return [`"${name}" is no room of scripts/rooms.mjs`];
  if (rest.length > 0 || (part !== undefined && part !== "wire"))
    return [`"${name}" goes round the door; a room is entered by "#${target}" or "#${target}/wire"`];
  if (target === room) return [`inside a room imports are relative, not "${name}"`];
  const { rank, mayImport } = rooms[room] ?? { rank: 0, mayImport: [] };
  const allowed = mayImport.includes(target) || (part === "wire" && mayImport.includes(`${target}/wire`));
  if (!allowed) return [`${room} may not import "${name}" (it may import: ${mayImport.join(", ") || "no room"})`];
  if (rooms[target].rank >= rank)
    return [`${room} (rank ${rank}) may not import "${name}" of rank ${rooms[target].rank}`];
  return [];
}

function checkPageImport(page, { line, name }) {
  const broken = (rule) => [{ file: page.path, line, rule }];
  if (name === undefined) return broken("a dynamic import names its module by a literal");
  if (name.startsWith("#") && !/^#[a-z]+\/wire$/.test(name))
    return broken(`web/ imports "#room/wire" only, not "${name}"`);
  if (name.startsWith(".") && !join(dirname(page.path), name).startsWith("web")) return broken(`"${name}" leaves web/`);
  if (isBuiltin(name) && !page.isTest) return broken(`web/ runs in a browser, where "${name}" is missing`);
  return [];
}

function isBuiltin(name) {
  return name.startsWith("node:") || builtinModules.includes(name);
}

/** A package is declared as a dependency, and known to one file (or to those sharedPackages names). */
function checkPackages(root, sources) {
  const declared = declaredPackages(root);
  const users = new Map();
  const broken = [];
  for (const source of sources.filter(({ isTest }) => !isTest)) {
    for (const { line, name } of source.imports) {
      if (name === undefined || /^[./#]|^file:/.test(name) || isBuiltin(name)) continue;
      const packageName = name.split("/", name.startsWith("@") ? 2 : 1).join("/");
      if (!declared.has(packageName))
        broken.push({
          file: source.path,
          line,
          rule: `"${packageName}" is not among the dependencies of package.json`,
        });
      const uses = users.get(packageName) ?? [];
      users.set(packageName, [...uses, { file: source.path, line }]);
    }
  }
  for (const [packageName, uses] of users) broken.push(...tooManyUsers(packageName, uses));
  return broken;
}

function declaredPackages(root) {
  const file = join(root, "package.json");
  const { dependencies = {}, optionalDependencies = {} } = existsSync(file)
    ? JSON.parse(readFileSync(file, "utf8"))
    : {};
  return new Set([...Object.keys(dependencies), ...Object.keys(optionalDependencies)]);
}

function tooManyUsers(packageName, uses) {
  const shared = sharedPackages[packageName];
  if (shared) {
    const strangers = uses.filter(({ file }) => !shared.files.test(file));
    return strangers.map((use) => ({ ...use, rule: `"${packageName}" is ${shared.reason}` }));
  }
  const [owner, ...others] = uses;
  return others
    .filter(({ file }) => file !== owner.file)
    .map((use) => ({ ...use, rule: `"${packageName}" is wrapped in one file, and that is ${owner.file}` }));
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const root = resolve(process.argv[2] ?? join(import.meta.dirname, ".."));
  const broken = checkRooms(root);
  for (const { file, line, rule } of broken) console.log(`${file}:${line}: ${rule}`);
  if (broken.length > 0) process.exitCode = 1;
  else console.log("rooms: every rule holds");
}
