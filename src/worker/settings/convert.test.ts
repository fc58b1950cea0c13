import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { convertSettings } from "./convert.ts";
import type { Directive } from "./directive.ts";
import { Faults } from "./faults.ts";
import type { Field, FieldType } from "./field.ts";
import { parseSettings, readSettings } from "./parse.ts";
import { fieldsOf, type SectionName, sectionNames, sectionRow } from "./sections.ts";
import { Octal, writeYaml } from "./yaml.ts";

const list = `- node:
    id: "12"
- control-service:
    filename: /tmp/a.sock
    permissions: 0660
- work-command:
    worktype: "yes"
    command: bash
    params: -c "cat"
    maxruntime: 1h30m
    maxoutput: 500MB
- trace
- work-command:
    worktype: b
    command: ls
`;

const map = `version: 2
node:
  id: "12"
control-services:
  - filename: /tmp/a.sock
    permissions: 0660
work-commands:
  - worktype: "yes"
    command: bash
    params: -c "cat"
    maxruntime: 1h30m
    maxoutput: 500MB
  - worktype: b
    command: ls
trace: {}
`;

describe("convertSettings()", () => {
  test("turns list form into map form", () => {
    expect(convertSettings(parseSettings(list, "a.yml"), "map")).toBe(map);
  });

  test("turns map form into list form", () => {
    expect(convertSettings(parseSettings(map, "a.yml"), "list")).toBe(
      list.replace("- trace\n", "").concat("- trace\n"),
    );
  });

  test("keeps list form as it is", () => {
    expect(convertSettings(parseSettings(list, "a.yml"), "list")).toBe(list);
  });

  test("keeps every value of any settings, in both directions", () => {
    fc.assert(
      fc.property(anySettings, (written) => {
        const before = read(writeYaml(written));
        expect(before).toHaveLength(written.length);
        expect(essence(read(convertSettings(before, "list")))).toEqual(essence(before));
        const asMap = read(convertSettings(before, "map"));
        expect(essence(asMap)).toEqual(essence(grouped(before)));
        expect(essence(read(convertSettings(asMap, "list")))).toEqual(essence(asMap));
      }),
      { numRuns: 300 },
    );
  });
});

/** Read without the checks between sections, which arbitrary settings would not pass. */
function read(text: string): Directive[] {
  const faults = new Faults();
  const directives = readSettings(text, "a.yml", faults);
  faults.throwIfAny();
  return directives;
}

function essence(directives: readonly Directive[]): unknown {
  return directives.map(({ section, values, given }) => ({ section, values, given }));
}

function grouped(directives: readonly Directive[]): Directive[] {
  const names = [...new Set(directives.map(({ section }) => section))];
  return names.flatMap((name) => directives.filter(({ section }) => section === name));
}

const anyText = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("yes", "0660", "1_0", "12:30:45", "~", "a: b"));
const anyFloat = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value || 0);
const anyJson = fc
  .jsonValue({ maxDepth: 3 })
  // Minus zero is not kept, and needs not be.
  .map((value) => JSON.parse(JSON.stringify(value)) as unknown);

const anyValue: { readonly [T in FieldType]: (field: Field) => fc.Arbitrary<unknown> } = {
  text: ({ values }) => (values ? fc.constantFrom(...values) : anyText),
  integer: ({ min = -(2 ** 31), max = 2 ** 31 - 1 }) => fc.integer({ min: min, max: max }),
  float: () => anyFloat,
  boolean: () => fc.boolean(),
  texts: () => fc.array(anyText),
  floats: () => fc.dictionary(anyText, anyFloat),
  map: () => fc.dictionary(anyText, anyJson),
  maps: () => fc.array(fc.dictionary(anyText, anyJson)),
  duration: ({ min = 0 }) =>
    fc
      .tuple(fc.nat(99), fc.constantFrom(...(min > 0 ? [] : ["ns", "us"]), "ms", "s", "m", "h"))
      .map(([amount, unit]) => `${amount + 1}${unit}`),
  permissions: () => fc.nat(0o777).map((bits) => new Octal(bits)),
  size: () => fc.maxSafeNat(),
};

function anyFields(section: SectionName): fc.Arbitrary<Record<string, unknown>> {
  const fields = [...fieldsOf(section)];
  const model = Object.fromEntries(fields.map(([key, field]) => [key, anyValue[field.type](field)]));
  const requiredKeys = fields.flatMap(([key, { required }]) => (required ? [key] : []));
  return fc.record(model, { requiredKeys });
}

const anySettings = fc.uniqueArray(
  fc.constantFrom(...sectionNames).chain((name) => anyFields(name).map((fields) => ({ [name]: fields }))),
  {
    maxLength: 12,
    // Only list sections stand twice.
    comparator: (a, b) => a === b,
    selector: (item) => {
      const [name] = Object.keys(item) as SectionName[];
      return name && sectionRow(name).inMap === "single" ? name : item;
    },
  },
);
