import type { UnitSummary, WorkerStatus } from "./shapes.ts";
import { problemIn, unreachable } from "../api/problem.ts";

/** How the worker is; of one that does not run, what its files say. */
export type LocalState = Joins &
  (
    | { readonly runs: true; readonly mode: string; readonly status: WorkerStatus }
    | {
        readonly runs: false;
        readonly mode: string;
        readonly reason: string;
        readonly state?: string;
        readonly nextStep?: string;
      }
  );

/** The way to a server, where a person has to let it in. */
interface Joins {
  readonly waiting?: {
    readonly fingerprint: string;
    readonly server: string;
    /** Milliseconds since 1970. */
    readonly since: number;
  };
  /** Why the last one came to nothing. */
  readonly trouble?: string;
}

/** A field of Basic Setup that cannot be used. */
export interface SetupFault {
  readonly field: string;
  readonly message: string;
}

/** Storage of this address and port alone: a cookie would go to every port of the host. */
const place = "farhand-page-key";

/** Be let in by the code. @throws {ProblemError} it is not good. */
export async function enter(code: string): Promise<void> {
  const { key } = await asked<{ key: string }>("POST", "enter", { code });
  sessionStorage.setItem(place, key);
}

export const isIn = (): boolean => sessionStorage.getItem(place) !== null;
export const leave = (): void => sessionStorage.removeItem(place);

/** Ask the program behind these pages. @returns its JSON. @throws {ProblemError} what it says. */
export async function asked<T>(method: "GET" | "POST", route: string, body?: object, signal?: AbortSignal): Promise<T> {
  return (await (await opened(method, route, body, signal)).json()) as T;
}

/** Ask the worker for one of its methods. @throws {ProblemError} what it refuses, in its words. */
export const askWorker = <T>(method: string, params: object = {}, signal?: AbortSignal): Promise<T> =>
  asked<T>("POST", "ask", { method, params }, signal);

/** The answer as it comes, for what goes on. @throws {ProblemError} */
export async function opened(
  method: "GET" | "POST",
  route: string,
  body?: object,
  signal?: AbortSignal,
): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(`/api/${route}`, {
      method,
      cache: "no-store",
      headers: {
        "x-farhand-page": sessionStorage.getItem(place) ?? "",
        ...(body && { "content-type": "application/json" }),
      },
      ...(body && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof TypeError ? unreachable() : error;
  }
  if (answer.ok) return answer;
  const value: unknown = await answer.json().catch(() => undefined);
  throw problemIn(value, answer.status, answer.statusText);
}

/** The worker's units, newest first. */
export const listUnits = async (): Promise<readonly UnitSummary[]> =>
  (await askWorker<{ units: UnitSummary[] }>("units.list", { limit: 200 })).units;
