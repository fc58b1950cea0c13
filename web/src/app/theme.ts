import { useSyncExternalStore } from "react";

/** What the reader chose; `auto` goes by their system. */
export type ThemeChoice = "auto" | "light" | "dark";
type Theme = "light" | "dark";

const place = "farhand-theme";
const dark = globalThis.matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();
let choice: ThemeChoice = read();

/** Put the colours in force, and go with the system from now on. Once, before anything is shown. */
export function startTheme(): void {
  apply();
  dark.addEventListener("change", apply);
}

export function chooseTheme(wanted: ThemeChoice): void {
  choice = wanted;
  try {
    globalThis.localStorage.setItem(place, wanted);
  } catch {
    // Where nothing may be kept, it holds for as long as the page is open.
  }
  apply();
}

export const useThemeChoice = (): ThemeChoice => useSyncExternalStore(subscribe, () => choice);

/** The colours in force. */
export const useTheme = (): Theme => useSyncExternalStore(subscribe, current);

function current(): Theme {
  if (choice !== "auto") return choice;
  return dark.matches ? "dark" : "light";
}

function apply(): void {
  document.documentElement.dataset["theme"] = current();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

function read(): ThemeChoice {
  try {
    const kept = globalThis.localStorage.getItem(place);
    return kept === "light" || kept === "dark" ? kept : "auto";
  } catch {
    return "auto";
  }
}
