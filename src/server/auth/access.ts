import { type Clock, systemClock } from "#core";
import { deleteLoginFailuresBefore } from "../store/login-failures.ts";
import { deleteRecoveriesBefore } from "../store/recoveries.ts";
import type { Store } from "../store/store.ts";
import { Accounts } from "./accounts.ts";
import { ApiTokens } from "./api-tokens.ts";
import { Callers } from "./callers.ts";
import { Endings } from "./endings.ts";
import { type FactorPolicy, Factors } from "./factors.ts";
import { failuresKeptMs, LockOut } from "./lock-out.ts";
import { Login } from "./login.ts";
import { Passwords } from "./passwords.ts";
import type { Seal } from "./seal.ts";
import { Sessions } from "./sessions.ts";

export interface AccessOptions {
  readonly store: Store;
  readonly seal: Seal;
  readonly clock?: Pick<Clock, "now">;
  readonly passwords?: Passwords;
  /** What is not said is optional. */
  readonly policy?: Partial<FactorPolicy>;
  /** What the server is called in the users' lists of codes. */
  readonly issuer?: string;
  /** See {@link Factors}. */
  readonly factorLocked?: (userId: string) => void;
}

/** Users, and how they get in. Nothing here knows of HTTP. */
export interface Access {
  readonly accounts: Accounts;
  readonly login: Login;
  readonly factors: Factors;
  readonly sessions: Sessions;
  readonly apiTokens: ApiTokens;
  readonly callers: Callers;
  readonly endings: Endings;
  readonly passwords: Passwords;
  /** End what has expired, forget what nobody asks about. To be called every few seconds. */
  sweep(): Promise<void>;
}

/** All of it over one store. Starts nothing that must be closed. */
export function accessOver(options: AccessOptions): Access {
  const { store, seal, clock = systemClock, passwords = new Passwords(), issuer = "Farhand" } = options;
  const policy = { viewer: "optional", operator: "optional", configurer: "optional", admin: "optional" } as const;
  const endings = new Endings();
  const lockOut = new LockOut(store, clock);
  const sessions = new Sessions(store, clock, endings);
  const apiTokens = new ApiTokens(store, clock, endings);
  const factors = new Factors({
    store,
    clock,
    seal,
    lockOut,
    sessions,
    policy: { ...policy, ...options.policy },
    issuer,
    locked: options.factorLocked ?? (() => {}),
  });
  return {
    accounts: new Accounts({ store, clock, passwords, sessions, apiTokens, endings }),
    login: new Login({ store, clock, passwords, lockOut, factors, sessions }),
    factors,
    sessions,
    apiTokens,
    callers: new Callers(sessions, apiTokens, factors),
    endings,
    passwords,
    sweep: async () => {
      await sessions.sweep();
      await apiTokens.sweep();
      await deleteRecoveriesBefore(store, clock.now());
      await deleteLoginFailuresBefore(store, clock.now() - failuresKeptMs);
    },
  };
}
