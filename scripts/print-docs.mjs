/**
 * `npm run docs`: print the pages that are made from the code, so that they cannot say anything else.
 *
 * Usage: node scripts/print-docs.mjs [--check]
 *
 * docs/errors.md from every room's error table and the causes of a unit's ending, docs/settings.md from the settings,
 * docs/cli.md from the commands. Reads dist/, so build first. With --check nothing is written: it says which page
 * differs and exits 1.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");
const isCheck = process.argv.includes("--check");

const pages = [
  ["errors.md", await errorsPage()],
  ["settings.md", await printedBy("worker/settings/mod.js", "printSettingsDoc")],
  ["cli.md", await printedBy("cli/mod.js", "printCliDoc")],
];
for (const [name, text] of pages) if (text !== undefined) settle(name, `${text.trimEnd()}\n`);

function settle(name, text) {
  const path = join(root, "docs", name);
  if (existsSync(path) && readFileSync(path, "utf8") === text) return;
  if (isCheck) {
    console.log(`docs/${name} differs from the code: run \`npm run docs\``);
    process.exitCode = 1;
  } else {
    writeFileSync(path, text);
    console.log(`docs/${name} written`);
  }
}

/** What a function of a built module prints; undefined where the module or the function does not exist. */
async function printedBy(path, name) {
  return (await load(path))[name]?.();
}

async function load(path) {
  const file = join(dist, path);
  return existsSync(file) ? await import(pathToFileURL(file).href) : {};
}

async function errorsPage() {
  const tablesOf = new Map();
  for (const path of errorFiles()) {
    const [room] = path.split("/");
    for (const [name, table] of Object.entries(await load(path))) {
      if (name.endsWith("Errors") && typeof table === "object")
        tablesOf.set(room, [...(tablesOf.get(room) ?? []), table]);
    }
  }
  const { unitCauses } = await load("work/wire.js");
  return [
    "# Errors",
    "",
    "Every error has a code for programs, a message for people, an HTTP status and an exit code. Match on the code; a",
    "message may change. This page is printed from the code by `npm run docs`.",
    ...[...tablesOf].flatMap(([room, tables]) => roomSection(room, tables)),
    ...(unitCauses ? causesSection(unitCauses) : []),
  ].join("\n");
}

function errorFiles() {
  return readdirSync(dist, { recursive: true })
    .filter((path) => /(^|[/-])errors\.js$/.test(path))
    .sort((a, b) => (a < b ? -1 : 1));
}

function roomSection(room, tables) {
  const rows = tables
    .flatMap((table) => Object.entries(table))
    .map(([code, { status, exit, meaning }]) => `| \`${code}\` | ${status} | ${exit} | ${cell(meaning)} |`);
  return ["", `## Room ${room}`, "", "| code | status | exit | what it means |", "| --- | --- | --- | --- |", ...rows];
}

function causesSection(causes) {
  const rows = Object.entries(causes).map(([code, meaning]) => `| \`${code}\` | ${cell(meaning)} |`);
  return [
    "",
    "## Causes of a unit's ending",
    "",
    "`Cause` in the status of a unit that has ended. It tells programs what `Detail` tells people.",
    "",
    "| cause | what it means |",
    "| --- | --- |",
    ...rows,
  ];
}

function cell(text) {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
