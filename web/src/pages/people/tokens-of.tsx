import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { ApiToken, User } from "#server/wire";
import { makeTokenFor, readTokensOf, revokeTokenOf } from "../../api/users.ts";
import { useServerNow } from "../../live/clock.ts";
import { Age } from "../../parts/age.tsx";
import { Copied } from "../../parts/copied.tsx";
import { Dialog, DialogButtons } from "../../parts/dialog.tsx";
import { Loading } from "../../parts/empty.tsx";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { momentText } from "../../parts/quantities.ts";
import { TokenForm } from "./token-form.tsx";

/** A user's tokens, to be revoked; a service account gets new ones here, each told this once. */
export function TokensOf({ user, close }: { readonly user: User; readonly close: () => void }) {
  const [secret, setSecret] = useState<string>();
  const { data, error, refetch } = useQuery({
    queryKey: ["tokens", user.id],
    queryFn: ({ signal }) => readTokensOf(user.id, signal),
  });
  const { mutate, error: failure } = useMutation({
    mutationFn: (token: ApiToken) => revokeTokenOf(user.id, token.id),
    onSettled: () => void refetch(),
  });
  const make = async (wish: Parameters<typeof makeTokenFor>[1]) => {
    setSecret((await makeTokenFor(user.id, wish)).token);
    void refetch();
  };
  return (
    <Dialog title={`API tokens of ${user.name}`} close={close}>
      {error && <ProblemNote error={error} retry={() => void refetch()} />}
      {failure && <ProblemNote error={failure} />}
      {!data && !error && <Loading what="the tokens" />}
      {data && <Tokens tokens={data} revoke={mutate} />}
      {secret !== undefined && (
        <div role="status">
          <p>Keep it now, it is shown this once. A program takes it from FARHAND_TOKEN:</p>
          <Copied label="The token" text={secret} />
        </div>
      )}
      {user.service && <TokenForm make={make} />}
      <DialogButtons>
        <button type="button" className="button" onClick={close} autoFocus>
          Close
        </button>
      </DialogButtons>
    </Dialog>
  );
}

interface TokensProps {
  readonly tokens: readonly ApiToken[];
  readonly revoke: (token: ApiToken) => void;
}

function Tokens({ tokens, revoke }: TokensProps) {
  const now = useServerNow();
  if (tokens.length === 0) return <p className="text-soft">There is none.</p>;
  return (
    <ul className="divide-y divide-line">
      {tokens.map((token) => (
        <li key={token.id} className="flex flex-wrap items-center justify-between gap-2 py-2">
          <div className="min-w-0">
            <p className="break-words">
              <span className="font-medium">{token.name}</span> <span className="mono">{token.scopes.join(" ")}</span>
            </p>
            <p className="text-soft">
              used <Age at={token.usedAt} now={now} />,{" "}
              {token.expiresAt === null ? "until it is revoked" : `until ${momentText(token.expiresAt, now)}`}
            </p>
          </div>
          <button type="button" className="button" aria-label={`Revoke ${token.name}`} onClick={() => revoke(token)}>
            Revoke
          </button>
        </li>
      ))}
    </ul>
  );
}
