import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { allowStyleAttributes, withStyleSheets } from "./strict-style.ts";

/** Lines that one can scroll back to. */
const scrollback = 20_000;

allowStyleAttributes();

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

/**
 * Show output as a terminal does, in colour. It is only looked at: nothing that is typed, and no answer that the output asks
 * the terminal for, goes anywhere; links, titles and the clipboard are none of the output's business (what it says comes
 * from a machine that may be somebody else's).
 */
export function openScreen(parent: HTMLElement): OutputScreen {
  const terminal = new Terminal({
    disableStdin: true,
    convertEol: true,
    cursorBlink: false,
    cursorInactiveStyle: "none",
    scrollback,
    fontFamily: getComputedStyle(parent).getPropertyValue("--font-mono") || "monospace",
    fontSize: 13,
    lineHeight: 1.2,
    minimumContrastRatio: 4.5,
    theme: { background: "#0b1210", foreground: "#dfe8e4", cursor: "#0b1210", selectionBackground: "#2f5d52" },
    // One that does nothing: the default asks, and opens.
    linkHandler: { activate: () => {} },
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  withStyleSheets(document, () => terminal.open(parent));
  // Nothing is typed, so that Tab leads on as everywhere; what moves in a page moves in it.
  terminal.attachCustomKeyEventHandler((event) => {
    const move = moves[event.key];
    if (move === undefined || event.type !== "keydown" || event.ctrlKey || event.altKey || event.metaKey) return false;
    move(terminal);
    event.preventDefault();
    return false;
  });
  const resized = new ResizeObserver(() => fit.fit());
  resized.observe(parent);
  return {
    write: (bytes) => new Promise((resolve) => terminal.write(bytes, resolve)),
    clear: () => terminal.reset(),
    close: () => {
      resized.disconnect();
      terminal.dispose();
    },
  };
}
