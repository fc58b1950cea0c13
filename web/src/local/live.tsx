import { createContext, type ReactNode, useContext, useEffect, useState } from "react";
import { ProblemError } from "../api/problem.ts";
import { asked, type LocalState, opened } from "./api.ts";
import { joinedLines, lineOf, type LogLine, type ToldLine } from "./log-lines.ts";

interface Live {
  readonly state: LocalState | undefined;
  /** Milliseconds since 1970 when `state` was true. */
  readonly at: number;
  /** Why it may not be true any more. */
  readonly error: unknown;
  /** When the worker itself has answered last; undefined: not since these pages are open. */
  readonly heardAt: number | undefined;
  readonly log: readonly LogLine[];
  /** Grows with every change of a unit. */
  readonly changes: number;
  readonly refresh: () => void;
}

const maxLines = 1_000;
/** How often the worker is asked how it is, milliseconds. */
export const beatMs = 5_000;
/** A worker that has not answered by then does not answer, milliseconds. */
const patienceMs = 10_000;
const againMs = 1_000;
const Context = createContext<Live | undefined>(undefined);

export function useLive(): Live {
  const live = useContext(Context);
  if (!live) throw new Error("useLive stands outside LiveWorker");
  return live;
}

/** What the worker tells, for all pages. @param props.ended the browser is not let in any more. */
export function LiveWorker({ ended, children }: { readonly ended: () => void; readonly children: ReactNode }) {
  const [known, setKnown] = useState<Pick<Live, "state" | "at" | "error" | "heardAt">>({
    state: undefined,
    at: 0,
    error: undefined,
    heardAt: undefined,
  });
  const [log, setLog] = useState<readonly LogLine[]>([]);
  const [changes, setChanges] = useState(0);
  const look = async () => {
    try {
      const state = await asked<LocalState>("GET", "state", undefined, patience());
      const at = Date.now();
      setKnown(({ heardAt }) => ({ state, at, error: undefined, heardAt: state.runs ? at : heardAt }));
    } catch (error) {
      if (error instanceof ProblemError && error.problem.code === "LOCAL_CODE") ended();
      setKnown((before) => ({ ...before, error }));
    }
  };
  useEffect(() => {
    const gone = new AbortController();
    const hear = ({ method, params = {}, result }: Notice) => {
      const told = method === "notice.log" ? [params] : result?.lines;
      if (told) return setLog((lines) => joinedLines(lines, told.map(lineOf), maxLines));
      setChanges((count) => count + 1);
      void look();
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

/** For one question to the worker. @throws {ProblemError} by the request, when it is over. */
export function patience(gone?: AbortSignal): AbortSignal {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(silent()), patienceMs);
  gone?.addEventListener("abort", () => {
    clearTimeout(timer);
    over.abort(gone.reason);
  });
  return over.signal;
}

function silent(): ProblemError {
  return new ProblemError({
    ...{ type: "about:blank", title: "No answer", status: 0, code: "WORKER_SILENT" },
    detail: `the worker does not answer: it was asked ${patienceMs / 1_000} s ago`,
    remedy: "look again; when that does not help, restart it: what it runs goes on",
  });
}

interface Notice {
  readonly method?: string;
  readonly params?: ToldLine;
  /** Answers what was asked first: to be told of these, and the last lines of the log. */
  readonly result?: { readonly lines?: readonly ToldLine[] };
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
