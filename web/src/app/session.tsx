import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";
import type { Me } from "#server/wire";
import { problemOf } from "../api/problem.ts";
import { onSession } from "../api/request.ts";
import { readMe } from "../api/session.ts";
import { askForCode } from "./step-up.tsx";

/** What the login begins with: the password, the code that this session has not shown, or the factor it has to set up. */
export type LoginStep = "password" | "code" | "enrol";

/** Whether somebody is logged in. */
export type SessionState =
  | { readonly kind: "asking" }
  | { readonly kind: "unreachable"; readonly error: unknown }
  | { readonly kind: "out"; readonly step: LoginStep }
  | { readonly kind: "in"; readonly me: Me };

interface Session {
  readonly state: SessionState;
  /** Ask the server anew who is logged in. */
  readonly refresh: () => void;
  /** The session is over. */
  readonly ended: () => void;
}

const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("outside of SessionProvider");
  return session;
}

/** Whoever is logged in; pages are shown to them only. */
export function useMe(): Me {
  const { state } = useSession();
  if (state.kind !== "in") throw new Error("nobody is logged in");
  return state.me;
}

/** @param forget drop what was read: it was somebody else's. */
export function SessionProvider({ forget, children }: { readonly forget: () => void; readonly children: ReactNode }) {
  const [state, setState] = useState<SessionState>({ kind: "asking" });
  const refresh = useCallback(() => {
    readMe().then(
      (me) => setState({ kind: "in", me }),
      (error: unknown) => setState(stateAfter(error)),
    );
  }, []);
  const ended = useCallback(() => {
    forget();
    setState({ kind: "out", step: "password" });
  }, [forget]);
  useEffect(() => {
    onSession({ ended, stepUp: askForCode });
    refresh();
  }, [ended, refresh]);
  const session = useMemo(() => ({ state, refresh, ended }), [state, refresh, ended]);
  return <SessionContext value={session}>{children}</SessionContext>;
}

function stateAfter(error: unknown): SessionState {
  const { status, code } = problemOf(error);
  if (code === "FACTOR_NEEDED") return { kind: "out", step: "code" };
  if (code === "FACTOR_ENROLMENT_NEEDED") return { kind: "out", step: "enrol" };
  return status === 401 ? { kind: "out", step: "password" } : { kind: "unreachable", error };
}
