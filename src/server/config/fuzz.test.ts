import { fuzz } from "../../../test/kit/fuzz.ts";
import { checkConfigText } from "./check-document.ts";
import { readDocumentText, writeDocumentText } from "./document-text.ts";
import { reachChanges } from "./reach.ts";

const samples = [
  'server:\n  urls: ["https://a.example"]\n  proxy: {$secret: set}\nroads:\n  - kind: ws\n    cost: 1\n',
  '{"log": {"level": "info"}, "workTypes": [{"worktype": "echo", "command": "echo", "params": "a: b"}]}',
  "legacyPassword:\n  hash:\n    $secret:\n      value: |\n        two\n        lines\n# comment\nwatchers: []\n",
  "a: &x [1, 0o7, 0x1f, 1_000, 1:20, .inf, ~, 2001-12-31]\nb: *x\n<<: *x\n---\n? [k]\n: !!binary aGk=\n",
];
const splinters = [
  "- ",
  "? ",
  ": ",
  "[",
  "{",
  "]",
  "}",
  "&a ",
  "*a",
  "!!",
  "|\n",
  ">-\n",
  "\n  ",
  "\t",
  "#",
  "'",
  '"',
  "---\n",
  "$secret",
  "~0",
];

/** As the database has it: nothing there yet, and no secret that could be kept. */
const draft = async (_name: string, document: Parameters<typeof reachChanges>[1]) => ({
  ...{ document, version: 1 },
  reach: reachChanges({}, document),
});

fuzz(
  "texts of documents: each is read or has faults, every place lies in it, and what was read comes back as it was",
  { samples, splinters },
  {
    text: (bytes) => {
      const text = bytes.toString();
      const read = readDocumentText(text);
      const lines = text.split(/\r\n|\r|\n/).length;
      const faults = "document" in read ? read.placed([{ path: "/server/urls/0", reason: "" }]) : read.faults;
      if (!("document" in read) && faults.length === 0) throw new Error("neither a document nor a fault");
      for (const { line } of faults)
        if (line !== null && (line < 1 || line > lines + 1)) throw new Error(`line ${line}`);
      if (!("document" in read)) return;
      const again = readDocumentText(writeDocumentText(read.document));
      const same = "document" in again && JSON.stringify(again.document) === JSON.stringify(read.document);
      if (!same) throw new Error(`it comes back as ${JSON.stringify(again)}`);
    },
    checked: async (bytes) => {
      const { document, faults } = await checkConfigText({ draft }, "web", bytes.toString());
      if (document === null && faults.length === 0) throw new Error("neither a document nor a fault");
    },
  },
);
