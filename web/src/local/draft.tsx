import { createContext, type ReactNode, useContext, useEffect, useState } from "react";
import type { Configuration } from "./configuration.ts";

/** A configuration that somebody edits. */
export interface Draft {
  readonly base: Pick<Configuration, "version" | "text">;
  readonly text: string;
}

interface Drafting {
  readonly draft: Draft | undefined;
  readonly begin: (draft: Draft) => void;
  readonly end: () => void;
}

const Context = createContext<Drafting | undefined>(undefined);

export function useDraft(): Drafting {
  const drafting = useContext(Context);
  if (!drafting) throw new Error("useDraft stands outside Drafts");
  return drafting;
}

/** Keeps what is typed while other pages are looked at, and asks before the browser leaves all of them. In no storage: it may hold secrets. */
export function Drafts({ children }: { readonly children: ReactNode }) {
  const [draft, setDraft] = useState<Draft>();
  const isChanged = draft !== undefined && draft.text !== draft.base.text;
  useEffect(() => {
    if (!isChanged) return undefined;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    globalThis.addEventListener("beforeunload", ask);
    return () => globalThis.removeEventListener("beforeunload", ask);
  }, [isChanged]);
  return <Context value={{ draft, begin: setDraft, end: () => setDraft(undefined) }}>{children}</Context>;
}
