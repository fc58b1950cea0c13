import type { Caller } from "#fleet";
import type { RequestedBy } from "#work/wire";

/** The caller as it is kept with a unit (CAT-63): from what the assertion says, and nothing else. */
export function requestedBy({ name, level, session, source, request }: Caller): RequestedBy {
  return {
    ...{ User: name, Level: level },
    ...(session !== undefined && { Session: session }),
    ...(source !== undefined && { Source: source }),
    ...(request !== undefined && { Request: request }),
  };
}
