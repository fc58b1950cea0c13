import { createContext, type ReactNode, useContext, useEffect, useState } from "react";
import { ProblemError } from "../api/problem.ts";
import { asked, type LocalState, opened } from "./api.ts";

/** A line of the worker's log. */
export interface LogLine {
  readonly id: number;
  readonly at: number;
  readonly level: "info" | "warn" | "error";
  readonly text: string;
}

interface Live {
  readonly state: LocalState | undefined;
  /** Milliseconds since 1970 when `state` was true. */
  readonly at: number;
  /** Why it may not be true any more. */
  readonly error: unknown;
  readonly log: readonly LogLine[];
  /** Grows with every change of a unit. */
  readonly changes: number;
  readonly refresh: () => void;
}

const maxLines = 1_000;
const beatMs = 5_000;
const againMs = 1_000;
const Context = createContext<Live | undefined>(undefined);

export function useLive(): Live {
  const live = useContext(Context);
  if (!live) throw new Error("useLive stands outside LiveWorker");
  return live;
}

/** What the worker tells, for all pages. @param props.ended the browser is not let in any more. */
export function LiveWorker({ ended, children }: { readonly ended: () => void; readonly children: ReactNode }) {
  const [known, setKnown] = useState<Pick<Live, "state" | "at" | "error">>({
    state: undefined,
    at: 0,
    error: undefined,
  });
  const [log, setLog] = useState<readonly LogLine[]>([]);
  const [changes, setChanges] = useState(0);
  const look = async () => {
    try {
      setKnown({ state: await asked<LocalState>("GET", "state"), at: Date.now(), error: undefined });
    } catch (error) {
      if (error instanceof ProblemError && error.problem.code === "LOCAL_CODE") ended();
      setKnown((before) => ({ ...before, error }));
    }
  };
  useEffect(() => {
    const gone = new AbortController();
    const hear = ({ method, params }: Notice) => {
      if (method === "notice.log") setLog((lines) => [...lines.slice(1 - maxLines), lineOf(params)]);
      else setChanges((count) => count + 1);
      if (method !== "notice.log") void look();
    };
    void follow(hear, look, gone.signal);
    // How it gets on with its server is told by no notice.
    const beat = setInterval(() => void look(), beatMs);
    return () => {
      gone.abort();
      clearInterval(beat);
    };
  }, []);
  return <Context value={{ ...known, log, changes, refresh: () => void look() }}>{children}</Context>;
}

interface Notice {
  readonly method?: string;
  readonly params?: { readonly level?: string; readonly message?: string; readonly fields?: object };
}

let lines = 0;

function lineOf({ level, message = "", fields }: NonNullable<Notice["params"]> = {}): LogLine {
  const known = level === "warn" || level === "error" ? level : "info";
  return { id: ++lines, at: Date.now(), level: known, text: fields ? `${message} ${JSON.stringify(fields)}` : message };
}

/** As long as the page is there: a worker that comes back is heard again. */
async function follow(hear: (notice: Notice) => void, look: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await look();
    try {
      const { body } = await opened("GET", "notices", undefined, signal);
      if (body) await eachLine(body, (line) => hear(JSON.parse(line) as Notice));
    } catch {
      // It does not run, and the look says so.
    }
    if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, againMs));
  }
}

async function eachLine(body: ReadableStream<Uint8Array>, hear: (line: string) => void): Promise<void> {
  const reader = body
    .pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>)
    .getReader();
  let rest = "";
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    const parts = (rest + (value ?? "")).split("\n");
    rest = parts.pop() ?? "";
    for (const line of parts) hear(line);
  }
}
