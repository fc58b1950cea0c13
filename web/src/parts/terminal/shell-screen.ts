import { fitTo, newTerminal, screenColours } from "./terminal.ts";

/** Size of a terminal in characters. */
export interface ScreenSize {
  readonly rows: number;
  readonly columns: number;
}

/** What is heard of somebody who sits at it. */
export interface ShellScreenEvents {
  /** Keys, as a terminal sends them. */
  typed(bytes: Uint8Array<ArrayBuffer>): void;
  resized(size: ScreenSize): void;
  /** They want out of it, by Ctrl-]: Tab is the shell's. */
  left(): void;
}

/** A terminal that somebody types in. */
export interface ShellScreen {
  readonly size: ScreenSize;
  /** Resolves when it is shown. */
  write(bytes: Uint8Array): Promise<void>;
  focus(): void;
  /** Nothing is typed any more; what is there stays. */
  end(): void;
  close(): void;
}

const most = 1_000;

/** Open it in an element, whose size it takes. */
export function openShellScreen(parent: HTMLElement, { typed, resized, left }: ShellScreenEvents): ShellScreen {
  const terminal = newTerminal(parent, { theme: { ...screenColours, cursor: screenColours.foreground } });
  const text = new TextEncoder();
  const size = (): ScreenSize => ({ rows: Math.min(most, terminal.rows), columns: Math.min(most, terminal.cols) });
  terminal.attachCustomKeyEventHandler((event) => {
    if (!event.ctrlKey || event.key !== "]") return true;
    if (event.type === "keydown") left();
    event.preventDefault();
    return false;
  });
  terminal.onData((data) => typed(text.encode(data)));
  terminal.onBinary((data) => typed(Uint8Array.from(data, (character) => character.charCodeAt(0))));
  const unfit = fitTo(parent, terminal);
  terminal.onResize(() => resized(size()));
  return {
    get size() {
      return size();
    },
    write: (bytes) => new Promise((resolve) => terminal.write(bytes, resolve)),
    focus: () => terminal.focus(),
    end: () => {
      terminal.options.disableStdin = true;
    },
    close: () => {
      unfit();
      terminal.dispose();
    },
  };
}
