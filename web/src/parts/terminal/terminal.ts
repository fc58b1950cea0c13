import { FitAddon } from "@xterm/addon-fit";
import { type ITerminalInitOnlyOptions, type ITerminalOptions, Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { allowStyleAttributes, withStyleSheets } from "./strict-style.ts";

/** Lines that one can scroll back to. */
const scrollback = 20_000;

allowStyleAttributes();

/** Dark by day as well, as terminals are. */
export const screenColours = {
  background: "#0b1210",
  foreground: "#dfe8e4",
  cursor: "#0b1210",
  selectionBackground: "#2f5d52",
} as const;

const moves: Readonly<Record<string, (terminal: Terminal) => void>> = {
  ArrowUp: (terminal) => terminal.scrollLines(-1),
  ArrowDown: (terminal) => terminal.scrollLines(1),
  PageUp: (terminal) => terminal.scrollPages(-1),
  PageDown: (terminal) => terminal.scrollPages(1),
  Home: (terminal) => terminal.scrollToTop(),
  End: (terminal) => terminal.scrollToBottom(),
};

/** A screen for the output of a command. */
export interface OutputScreen {
  /** Resolves when it is shown: whoever writes is slowed to what the page can draw. */
  write(bytes: Uint8Array): Promise<void>;
  clear(): void;
  close(): void;
}

/** A terminal in the page. Links, titles and the clipboard are none of the business of what it shows. */
export function newTerminal(parent: HTMLElement, options: ITerminalOptions & ITerminalInitOnlyOptions) {
  const terminal = new Terminal({
    scrollback,
    fontFamily: getComputedStyle(parent).getPropertyValue("--font-mono") || "monospace",
    fontSize: 13,
    lineHeight: 1.2,
    minimumContrastRatio: 4.5,
    theme: screenColours,
    // One that does nothing: the default asks, and opens.
    linkHandler: { activate: () => {} },
    ...options,
  });
  withStyleSheets(document, () => terminal.open(parent));
  return terminal;
}

/** Nothing is typed into this one: keys that move in a page move in it, and Tab leads on as everywhere. */
export const onlyLookedAt = {
  disableStdin: true,
  cursorBlink: false,
  cursorInactiveStyle: "none",
} as const;

/** For {@link onlyLookedAt}. */
export function moveByKeys(terminal: Terminal): void {
  terminal.attachCustomKeyEventHandler((event) => {
    const move = moves[event.key];
    if (move === undefined || event.type !== "keydown" || event.ctrlKey || event.altKey || event.metaKey) return false;
    move(terminal);
    event.preventDefault();
    return false;
  });
}

/** Give it the size of the element that it is in, now and whenever that changes. @returns what ends that. */
export function fitTo(parent: HTMLElement, terminal: Terminal): () => void {
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  fit.fit();
  const resized = new ResizeObserver(() => fit.fit());
  resized.observe(parent);
  return () => resized.disconnect();
}

/**
 * Show output as a terminal does, in colour. It is only looked at: nothing that is typed, and no answer that the output asks
 * the terminal for, goes anywhere (what it says comes from a machine that may be somebody else's).
 */
export function openScreen(parent: HTMLElement): OutputScreen {
  const terminal = newTerminal(parent, { ...onlyLookedAt, convertEol: true });
  moveByKeys(terminal);
  const unfit = fitTo(parent, terminal);
  return {
    write: (bytes) => new Promise((resolve) => terminal.write(bytes, resolve)),
    clear: () => terminal.reset(),
    close: () => {
      unfit();
      terminal.dispose();
    },
  };
}
