/** The only file that knows CodeMirror. */
import { yaml } from "@codemirror/lang-yaml";
import { defaultHighlightStyle, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorSelection, EditorState, type Text } from "@codemirror/state";
import { EditorView, highlightActiveLine, lineNumbers } from "@codemirror/view";
import { minimalSetup } from "codemirror";

/** Something to be seen at its line, counted from 1. */
export interface Mark {
  readonly line: number;
  readonly text: string;
  readonly kind: "error" | "warning";
}

/** An editor of YAML in a page. */
export interface TextEditor {
  replace(text: string): void;
  mark(marks: readonly Mark[]): void;
  /** Put the cursor there, and the focus. */
  goTo(line: number): void;
  close(): void;
}

/** The style that CodeMirror brings is for white paper: its colours by what they stand for, as ours. */
const colours: Readonly<Record<string, string>> = {
  "#00c": "var(--accent)",
  "#a11": "var(--busy)",
  "#940": "var(--soft)",
  "#219": "var(--warn)",
  "#164": "var(--warn)",
  "#404740": "var(--soft)",
  "#f00": "var(--bad)",
};
const highlighting = HighlightStyle.define(
  defaultHighlightStyle.specs.map(({ tag, color }) => ({ tag, color: colours[String(color)] ?? "inherit" })),
);

const look = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--sheet)", fontSize: "13px", maxHeight: "65vh" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "-2px" },
  ".cm-scroller": {
    ...{ fontFamily: "var(--font-mono, monospace)", lineHeight: "1.55" },
    ...{ overflow: "auto", minHeight: "14rem" },
  },
  ".cm-content": { caretColor: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--soft)", border: "none" },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--accent) 8%, transparent)" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--accent) 30%, transparent)",
  },
  ".cm-tooltip": { backgroundColor: "var(--sheet)", color: "var(--ink)", border: "1px solid var(--line)" },
});

/**
 * What is typed over a selection: the browser would join its lines by itself first, with `style` attributes that our policy
 * refuses and complains of.
 */
const typedOver = EditorView.domEventHandlers({
  beforeinput: (event, view) => {
    const { inputType, data } = event;
    if (inputType !== "insertText" || data === null || view.composing || view.state.selection.main.empty) return false;
    view.dispatch(view.state.replaceSelection(data), { userEvent: "input.type", scrollIntoView: true });
    event.preventDefault();
    return true;
  },
});

/**
 * Open one in an element of its own. It lives in a shadow root: there CodeMirror's style is a sheet made by script, which our
 * policy allows, and no `<style>` element, which it refuses.
 *
 * @param changed told of each text that somebody types.
 */
export function openEditor(
  host: HTMLElement,
  { text, label, changed }: { readonly text: string; readonly label: string; readonly changed: (text: string) => void },
): TextEditor {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const extensions = [
    ...[
      minimalSetup,
      lineNumbers(),
      highlightActiveLine(),
      lintGutter(),
      yaml(),
      typedOver,
      syntaxHighlighting(highlighting),
      look,
    ],
    EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", autocapitalize: "off" }),
    EditorView.updateListener.of(({ docChanged, state }) => {
      if (docChanged) changed(state.doc.toString());
    }),
  ];
  const view = new EditorView({ state: EditorState.create({ doc: text, extensions }), parent: root, root });
  return {
    replace: (next) => {
      if (next === view.state.doc.toString()) return;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next } });
    },
    mark: (marks) =>
      view.dispatch(
        setDiagnostics(
          view.state,
          marks.map((mark) => diagnosticOf(mark, view.state.doc)),
        ),
      ),
    goTo: (line) => {
      const { from, to } = lineOf(line, view.state.doc);
      view.dispatch({ selection: EditorSelection.range(to, from), scrollIntoView: true });
      view.focus();
    },
    close: () => view.destroy(),
  };
}

function lineOf(line: number, doc: Text) {
  return doc.line(Math.max(1, Math.min(line, doc.lines)));
}

/** Marked is what stands in the line, without the space in front of it. */
function diagnosticOf({ line, text, kind }: Mark, doc: Text): Diagnostic {
  const { from, to, text: written } = lineOf(line, doc);
  return { from: Math.min(to, from + written.search(/\S|$/)), to, severity: kind, message: text };
}
