/** How somebody wants to reach a worker: by its server, its own HTTPS port, by password over that, or dialled by the server. */
export const connectWays = ["server", "api", "password", "direct"] as const;
export type ConnectWay = (typeof connectWays)[number];

/** What is known of a worker that somebody cannot connect to; undefined: nobody could be asked. */
export interface ConnectFacts {
  readonly way: ConnectWay;
  readonly isRunning: boolean;
  /** What says so: its state, and since when. */
  readonly running: string;
  /** Why whoever asks is not let look at it, in the words of the refusal, though it runs. */
  readonly refused: string | undefined;
  readonly apiEnabled: boolean | undefined;
  /** Levels that roles of the server have there. */
  readonly roles: Readonly<Record<string, string>> | undefined;
  readonly passwordSet: boolean | undefined;
  /** Whether logging in by password from elsewhere is on. */
  readonly passwordRemote: boolean | undefined;
  readonly port: number | undefined;
  /** Null: none is set. */
  readonly publicUrl: string | null | undefined;
}

/** A question of the list. `unneeded`: not on this way. */
export interface ConnectHint {
  readonly question: string;
  readonly state: "fine" | "trouble" | "unknown" | "unneeded";
  readonly says: string;
  /** What to do about trouble, and who can. */
  readonly cure?: string;
  readonly who?: string;
}

const owner = "who keeps the worker's machine";

/** The check list of CAT-114, in its order; the first that is in trouble is the place to look. Pure. */
export function connectHints(facts: ConnectFacts): ConnectHint[] {
  const on = (...ways: readonly ConnectWay[]): boolean => ways.includes(facts.way);
  return [
    runs(facts),
    letIn(facts),
    needed(on("api", "password", "direct"), apiHint(facts)),
    needed(on("server", "api", "direct"), rolesHint(facts)),
    needed(on("password"), passwordHint(facts)),
    needed(on("api", "password", "direct"), portHint(facts)),
    needed(on("direct"), addressHint(facts)),
  ];
}

function runs({ isRunning, running }: ConnectFacts): ConnectHint {
  const question = "is the service running?";
  if (isRunning) return { question, state: "fine", says: running };
  const cure = "start it there: `farhand worker start`, or its system service; `farhand worker doctor` says more";
  return { question, state: "trouble", says: running, cure, who: owner };
}

function letIn({ isRunning, refused }: ConnectFacts): ConnectHint {
  const question = "may you look at it?";
  if (!isRunning) return { question, state: "unknown", says: "it could not be asked" };
  if (refused === undefined) return { question, state: "fine", says: "it answers you" };
  return {
    question,
    state: "trouble",
    says: refused,
    cure: "the words of the refusal say what to change",
    who: "as they say",
  };
}

function apiHint({ apiEnabled }: ConnectFacts): ConnectHint {
  const cure = "set /api/enabled to true and restart the worker";
  return answered("is the API enabled?", apiEnabled, {
    yes: "it is on",
    no: "it is off",
    cure,
    who: "who may configure it",
  });
}

function rolesHint({ roles }: ConnectFacts): ConnectHint {
  const given = Object.entries(roles ?? {}).filter(([, level]) => level !== "none");
  return answered("are the roles for remote access set?", roles && given.length > 0, {
    yes: given.map(([role, level]) => `${role}: ${level}`).join(", "),
    no: "no role of the server has a level there",
    cure: "write levels into /remoteAccess/roles of its configuration",
    who: owner,
  });
}

function passwordHint({ passwordSet, passwordRemote }: ConnectFacts): ConnectHint {
  const question = "is a password set?";
  if (passwordSet && passwordRemote === false)
    return {
      ...{ question, state: "trouble", says: "it is set, and does not count from elsewhere" },
      ...{ cure: "set /legacyPassword/remote to true; better, come through the server", who: "who may configure it" },
    };
  const cure = "`farhand worker password` on that machine sets one";
  return answered(question, passwordSet, { yes: "it is set", no: "none is set", cure, who: owner });
}

function portHint({ port }: ConnectFacts): ConnectHint {
  const question = "is the port known?";
  if (port !== undefined) return { question, state: "fine", says: String(port) };
  return { question, state: "unknown", says: "it is /api/port of the worker, 8889 unless changed" };
}

function addressHint({ publicUrl }: ConnectFacts): ConnectHint {
  const isKnown = publicUrl === undefined ? undefined : publicUrl !== null;
  return answered("are its outside address and published port known?", isKnown, {
    yes: publicUrl ?? "",
    no: "none is set; servers of this version dial no worker, so the way through the server needs none",
    cure: "set WORKER_PUBLIC_URL or /identity/publicUrl, or come through the server",
    who: owner,
  });
}

interface Answers {
  readonly yes: string;
  readonly no: string;
  readonly cure: string;
  readonly who: string;
}

function answered(question: string, isSo: boolean | undefined, { yes, no, cure, who }: Answers): ConnectHint {
  if (isSo === undefined) return { question, state: "unknown", says: "it could not be asked" };
  return isSo ? { question, state: "fine", says: yes } : { question, state: "trouble", says: no, cure, who };
}

/** On other ways its answer is no trouble. */
function needed(isNeeded: boolean, hint: ConnectHint): ConnectHint {
  return isNeeded ? hint : { question: hint.question, state: "unneeded", says: `not on this way; ${hint.says}` };
}
