import { helperTokenCreate, helperTokenList, helperTokenRevoke, serve, type ServedMethod } from "#fleet";
import type { Loops } from "#work";
import { WorkerError } from "../errors.ts";
import type { HelperTokens } from "./helper-tokens.ts";
import type { Seats } from "./seats.ts";

/** `worker.helperToken.*`: credentials for helpers from elsewhere (CAT-87). */
export function tokenMethods(tokens: HelperTokens, seats: Seats, loops: Loops): ServedMethod[] {
  return [
    serve(helperTokenCreate, (wanted) => {
      const offered = loops.types.filter(({ isRemote }) => isRemote).map(({ workType }) => workType);
      const unfit = wanted.workTypes.find((name) => !offered.includes(name));
      if (unfit === undefined) return tokens.create(wanted);
      const message = `work type ${unfit} is not for helpers from elsewhere: a work-loop section with \`remote: true\` makes it so`;
      throw new WorkerError("HELPER_REFUSED", message);
    }),
    serve(helperTokenList, () => ({ tokens: tokens.list((id) => seats.isInUse(id)) })),
    serve(helperTokenRevoke, async ({ id }) => {
      const helper = seats.userOf(id);
      tokens.revoke(id);
      if (helper !== undefined) await loops.gone(helper, `the token of its helper ${helper} was revoked`);
      return {};
    }),
  ];
}
