import { useState, useSyncExternalStore } from "react";
import { Field } from "../parts/field.tsx";
import { Form, textOf } from "../parts/form.tsx";
import { enter, isIn, leave } from "./api.ts";
import { ConfigurationPage } from "./configuration-page.tsx";
import { Drafts } from "./draft.tsx";
import { HealthPage } from "./health-page.tsx";
import { LiveWorker } from "./live.tsx";
import { LogPage } from "./log-page.tsx";
import { ResetPage } from "./reset-page.tsx";
import { SetupPage } from "./setup-page.tsx";
import { Standing } from "./standing.tsx";
import { StatePage } from "./state-page.tsx";
import { TasksPage } from "./tasks-page.tsx";

const pages = [
  { path: "", name: "State", page: StatePage },
  { path: "setup", name: "Basic setup", page: SetupPage },
  { path: "tasks", name: "Tasks", page: TasksPage },
  { path: "health", name: "Health", page: HealthPage },
  { path: "log", name: "Log", page: LogPage },
  { path: "configuration", name: "Configuration", page: ConfigurationPage },
  { path: "reset", name: "Reset", page: ResetPage },
] as const;

/** The pages of the worker of this machine, for the browser that was let in. */
export function LocalApp() {
  const [isInside, setInside] = useState(isIn);
  if (!isInside) return <EnterPage entered={() => setInside(true)} />;
  const ended = () => {
    leave();
    setInside(false);
  };
  return (
    <LiveWorker ended={ended}>
      <Drafts>
        <Pages />
      </Drafts>
    </LiveWorker>
  );
}

function EnterPage({ entered }: { readonly entered: () => void }) {
  const submit = async (fields: FormData) => {
    await enter(textOf(fields, "code"));
    entered();
  };
  return (
    <main className="mx-auto max-w-md p-6">
      <h1 className="mb-4">The worker of this machine</h1>
      <div className="sheet p-5">
        <Form button="Go on" submit={submit}>
          <Field label="Code" hint="`farhand worker ui` prints it. It is good once.">
            {(id, hint) => (
              <input
                id={id}
                name="code"
                aria-describedby={hint}
                className="field mono"
                autoComplete="off"
                spellCheck={false}
                required
                autoFocus
              />
            )}
          </Field>
        </Form>
      </div>
    </main>
  );
}

/** The part of the address that stays in the browser says which page it is. */
const usePath = (): string =>
  useSyncExternalStore(
    (changed) => {
      globalThis.addEventListener("hashchange", changed);
      return () => globalThis.removeEventListener("hashchange", changed);
    },
    () => globalThis.location.hash.replace(/^#\/?/, ""),
  );

function Pages() {
  const path = usePath();
  const { page: Page } = pages.find((each) => each.path === path) ?? pages[0];
  return (
    <>
      <header className="border-b border-line bg-sheet px-4 py-2">
        <nav aria-label="Pages" className="mx-auto flex max-w-5xl flex-wrap gap-1 md:px-2">
          {pages.map((each) => (
            <a
              key={each.path}
              href={`#/${each.path}`}
              aria-current={each.path === path ? "page" : undefined}
              className="rounded-md px-2.5 py-1.5 text-soft hover:bg-sunk hover:text-ink aria-[current]:bg-accent-wash aria-[current]:font-semibold aria-[current]:text-accent"
            >
              {each.name}
            </a>
          ))}
        </nav>
      </header>
      <main className="mx-auto max-w-5xl min-w-0 p-4 md:p-6">
        <Standing>
          <Page />
        </Standing>
      </main>
    </>
  );
}
