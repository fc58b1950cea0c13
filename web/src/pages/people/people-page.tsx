import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { User } from "#server/wire";
import { readUsers } from "../../api/users.ts";
import { Loading } from "../../parts/empty.tsx";
import { Heading } from "../../parts/heading.tsx";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { Rows } from "../../parts/rows.tsx";
import { type UserAct, UserDialog } from "./user-dialog.tsx";
import { NewServiceAccount } from "./new-service-account.tsx";
import { NewUser, roles } from "./user-form.tsx";
import { UserCells, userColumns } from "./user-cells.tsx";

/** Who gets in, what they may do, and on which workers. */
export function PeoplePage() {
  const { data, error, refetch } = useQuery({ queryKey: ["users"], queryFn: ({ signal }) => readUsers(signal) });
  const [making, setMaking] = useState<"person" | "service">();
  const [chosen, setChosen] = useState<{ readonly act: UserAct; readonly user: User }>();
  const done = () => {
    setMaking(undefined);
    setChosen(undefined);
    void refetch();
  };
  /** It gets in by tokens only: its first one comes next. */
  const made = (user: User) => {
    done();
    setChosen({ act: "tokens", user });
  };
  return (
    <>
      <Heading title="People">
        <button type="button" className="button ml-auto" disabled={!data} onClick={() => setMaking("service")}>
          New service account…
        </button>
        <button type="button" className="button button-main" disabled={!data} onClick={() => setMaking("person")}>
          New user…
        </button>
      </Heading>
      {error && <ProblemNote error={error} retry={() => void refetch()} />}
      {!data && !error && <Loading what="the users" />}
      {data && (
        <Rows
          label="Users"
          columns={userColumns}
          rows={data}
          keyOf={({ id }) => id}
          cells={(user) => <UserCells user={user} act={(act) => setChosen({ act, user })} />}
        />
      )}
      <RolesMap />
      {making === "person" && <NewUser close={() => setMaking(undefined)} done={done} />}
      {making === "service" && <NewServiceAccount close={() => setMaking(undefined)} done={made} />}
      {chosen && <UserDialog {...chosen} close={() => setChosen(undefined)} done={done} />}
    </>
  );
}

function RolesMap() {
  return (
    <section aria-label="What roles may do" className="sheet mt-4 p-5">
      <h2 className="mb-2">What roles may do</h2>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
        {Object.entries(roles).map(([role, may]) => (
          <div key={role} className="contents">
            <dt className="font-medium">{role}</dt>
            <dd>{may}</dd>
          </div>
        ))}
      </dl>
      <p className="mt-2 text-soft">On a worker it is the least of the role and of what the worker itself allows it.</p>
    </section>
  );
}
