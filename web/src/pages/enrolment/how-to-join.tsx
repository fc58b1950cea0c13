import type { NewEnrolment } from "#server/wire";
import { homePath } from "../../api/place.ts";
import { useServerNow } from "../../live/clock.ts";
import { Copied } from "../../parts/copied.tsx";
import { momentText } from "../../parts/quantities.ts";
import { isLoopback, joinCommand } from "./join-command.ts";

const server = (): string => `${globalThis.location.origin}${homePath}`;

/** A token that was just made: the command that uses it. It is nowhere kept, and gone with this page. */
export function NewToken({ made, another }: { readonly made: NewEnrolment; readonly another: () => void }) {
  const now = useServerNow(10_000);
  const { cloneable, expiresAt, id } = made.enrolment;
  return (
    <div className="flex flex-col gap-3">
      <h2>Type this on the machine</h2>
      <p>
        It becomes a worker at once, and shows up here. The token is shown this once: it lets in{" "}
        {cloneable ? "any number of workers" : "one worker"} until {momentText(expiresAt, now)}.
      </p>
      <Copied label="Command with the token" text={joinCommand(server(), made.token)} />
      <OnlyHere />
      <p className="text-soft">
        In lists and in the audit it is <span className="mono">{id}</span>. Whoever has the command can use it: send it
        to nobody else.
      </p>
      <button type="button" className="button self-start" onClick={another}>
        Make another one
      </button>
    </div>
  );
}

/** The way without a token. */
export function HowToJoin() {
  return (
    <section aria-label="Without a token" className="sheet p-5">
      <h2 className="mb-2">Without a token</h2>
      <p className="mb-2">
        The machine prints a fingerprint and waits. Compare it with the one that is shown here, and let it in.
      </p>
      <Copied label="Command without a token" text={joinCommand(server())} />
    </section>
  );
}

function OnlyHere() {
  if (!isLoopback(globalThis.location.hostname)) return null;
  return (
    <p className="rounded-md border border-warn bg-warn-wash px-3 py-2">
      This address is good on this machine only. For others let the server listen where they reach it (--listen,
      --public-url), and open these pages there.
    </p>
  );
}
