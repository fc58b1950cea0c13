import { moveByKeys, newTerminal, onlyLookedAt } from "./terminal.ts";

/** A terminal as it was recorded: of the size that it had. */
export interface ReplayScreen {
  write(text: string): void;
  resize(columns: number, rows: number): void;
  /** As it was before anything was shown. */
  clear(): void;
  close(): void;
}

/** Show what a terminal has shown. It is only looked at: what it asks of the terminal is answered to nobody. */
export function openReplayScreen(parent: HTMLElement): ReplayScreen {
  const terminal = newTerminal(parent, { ...onlyLookedAt, cols: 80, rows: 24 });
  moveByKeys(terminal);
  return {
    write: (text) => terminal.write(text),
    resize: (columns, rows) => terminal.resize(columns, rows),
    clear: () => terminal.reset(),
    close: () => terminal.dispose(),
  };
}
