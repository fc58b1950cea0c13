import { expect, test } from "vitest";
import { fieldsOf, sectionNames, sectionRow } from "./sections.ts";
import { printSettingsDoc } from "./settings-doc.ts";

const page = printSettingsDoc();

test("printSettingsDoc() has every section and key, but those that are hidden", () => {
  for (const name of sectionNames) {
    const part = page.split(`\n## ${name}\n`)[1]?.split("\n## ")[0];
    expect(part === undefined).toBe(sectionRow(name).hidden === true);
    for (const key of part === undefined ? [] : fieldsOf(name).keys()) expect(part).toContain(`| \`${key}\``);
  }
});

test("printSettingsDoc() marks what is Farhand's own and what comes later", () => {
  expect(page).toContain(
    "| `maxoutput` **own** | size, like `1GiB` or `500MB` |  | A unit that writes more output is ended. |",
  );
  expect(page).toContain("In map form: `metrics-service`. At most one. **own**");
  expect(page).toContain("**later** (running work in Kubernetes)");
  expect(page).toContain(
    "| `permissions` | permissions, like `0660` | `0600` | Permissions of the Unix socket, in octal. |",
  );
});
