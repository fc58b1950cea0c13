import type { Membership } from "../agent/identity.ts";
import type { Configured } from "../configuration/effective.ts";
import type { ModePlaces } from "./places.ts";

/** How far a worker has got (CAT-12); misconfigured is what it has come to when its configuration has faults (CAT-9). */
export type FirstRunState = "unconfigured" | "misconfigured" | "configured" | "registered";

/** What the state depends on. */
export interface FirstRunFacts {
  readonly written: Configured | { readonly state: "none" };
  readonly membership: Membership | undefined;
  /** Whether its server has it now; absent: nobody has tried. */
  readonly isReached?: boolean | undefined;
}

/** The state, from what there is: no flag can say that a worker is configured when nothing is written. */
export function firstRunState({ written, membership }: FirstRunFacts): FirstRunState {
  if (written.state === "none") return membership ? "registered" : "unconfigured";
  if (written.state === "misconfigured") return "misconfigured";
  return membership ? "registered" : "configured";
}

/** What to do next, in words that can be followed as they stand (CAT-12). */
export function nextStep(facts: FirstRunFacts, { configFile }: Pick<ModePlaces, "configFile">): string {
  const { written } = facts;
  const file = configFile ?? "the configuration on the server";
  switch (firstRunState(facts)) {
    case "unconfigured":
      return `\`farhand worker join https://SERVER --token-file FILE\` makes it one of a server's workers; or write ${file} and restart it, and it works by itself`;
    case "misconfigured": {
      const [fault] = written.state === "misconfigured" ? written.faults : [];
      const what = fault ? `${fault.path || "the text"}: ${fault.reason}` : "its faults";
      return `put right ${file} (${what}), then \`farhand worker doctor\` and restart it`;
    }
    case "configured": {
      const urls = written.state === "good" ? written.effective.values.server.urls : [];
      const [server] = urls;
      if (server === undefined)
        return "nothing: it works by itself. `farhand worker join https://SERVER --token-file FILE` makes it one of a server's workers";
      return `\`farhand worker join ${server}\` asks there to be let in, and waits until somebody approves it; with \`--token-file FILE\` nobody has to`;
    }
    case "registered":
      if (facts.isReached === false)
        return "nothing when the server is away: it goes on trying, and `farhand worker doctor` looks why. If it was removed there: `farhand worker reset --registration --yes`, and join it again";
      return "nothing: it is registered";
  }
}
