/** The only file of the worker that knows @node-rs/argon2; loaded when the first password comes, for most never do. */
type Argon2 = typeof import("@node-rs/argon2");

const loaded = (): Promise<Argon2> => import("@node-rs/argon2");

/** What a hash costs: kibibytes of memory, passes over it, threads. Kept with each hash (CAT-24). */
export interface PasswordCost {
  readonly memoryCost: number;
  readonly timeCost: number;
  readonly parallelism: number;
}

/** A PHC string `$argon2id$…`. */
export async function hashPassword(password: string, cost: PasswordCost): Promise<string> {
  return (await loaded()).hash(password, cost);
}

/** Whether the password is the one of a PHC string; no password is that of what is none. */
export async function fitsPassword(phc: string, password: string): Promise<boolean> {
  const { verify } = await loaded();
  return await verify(phc, password).catch(() => false);
}

/** Whether a hash costs less than hashes do today. */
export async function isCheap(phc: string, { memoryCost, timeCost }: PasswordCost): Promise<boolean> {
  const options = (await loaded()).parseOptions(phc);
  return !phc.startsWith("$argon2id$") || options.memoryCost < memoryCost || options.timeCost < timeCost;
}
