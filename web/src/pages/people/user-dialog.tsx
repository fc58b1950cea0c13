import { useMutation, useQuery } from "@tanstack/react-query";
import type { Session, User } from "#server/wire";
import { changeUser, endSessionOf, endSessionsOf, readSessionsOf, removeUser, resetFactor } from "../../api/users.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { Dialog, DialogButtons } from "../../parts/dialog.tsx";
import { Loading } from "../../parts/empty.tsx";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { SessionList } from "./session-list.tsx";
import { TokensOf } from "./tokens-of.tsx";
import { ChangeAccess, ResetPassword } from "./user-form.tsx";

/** What can be done with a user. */
export type UserAct = "access" | "tokens" | "sessions" | "password" | "factor" | "disable" | "enable" | "remove";

interface UserDialogProps {
  readonly user: User;
  readonly close: () => void;
  readonly done: () => void;
}

/** The question of one act. */
export function UserDialog({ act, ...props }: UserDialogProps & { readonly act: UserAct }) {
  switch (act) {
    case "access":
      return <ChangeAccess {...props} />;
    case "password":
      return <ResetPassword {...props} />;
    case "sessions":
      return <SessionsOf {...props} />;
    case "tokens":
      return <TokensOf {...props} />;
    default:
      return <Sure act={act} {...props} />;
  }
}

const questions = {
  factor: {
    button: "Forget it",
    says: "Their second factor and recovery codes are forgotten, and their sessions end.",
  },
  disable: { button: "Disable", says: "They get in no more, and what they have open is cut. It can be taken back." },
  enable: { button: "Enable", says: "They get in again, with the role they had." },
  remove: { button: "Remove", says: "The user and their tokens are removed for good, and what they have open is cut." },
} as const;

function Sure({ act, user, close, done }: UserDialogProps & { readonly act: keyof typeof questions }) {
  const { button, says } = questions[act];
  const run = async () => {
    if (act === "factor") await resetFactor(user.id);
    else if (act === "remove") await removeUser(user.id);
    else await changeUser(user.id, { disabled: act === "disable" });
    done();
  };
  return (
    <Confirm title={`${button}: ${user.name}`} button={button} act={run} close={close}>
      {says}
    </Confirm>
  );
}

function SessionsOf({ user, close }: UserDialogProps) {
  const { data, error, refetch } = useQuery({
    queryKey: ["sessions", user.id],
    queryFn: ({ signal }) => readSessionsOf(user.id, signal),
  });
  const { mutate, error: failure } = useMutation({
    mutationFn: async (one: Session | "all") => {
      await (one === "all" ? endSessionsOf(user.id) : endSessionOf(user.id, one.id));
    },
    onSettled: () => void refetch(),
  });
  return (
    <Dialog title={`Sessions of ${user.name}`} close={close}>
      {error && <ProblemNote error={error} retry={() => void refetch()} />}
      {failure && <ProblemNote error={failure} />}
      {!data && !error && <Loading what="the sessions" />}
      {data && <SessionList sessions={data} end={mutate} />}
      <DialogButtons>
        <button type="button" className="button" onClick={close} autoFocus>
          Close
        </button>
        <button type="button" className="button button-bad" disabled={data?.length === 0} onClick={() => mutate("all")}>
          End all of them
        </button>
      </DialogButtons>
    </Dialog>
  );
}
