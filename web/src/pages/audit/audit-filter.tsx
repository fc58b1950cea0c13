import type { ReactNode } from "react";
import { textOf } from "../../parts/form.tsx";
import { type AuditSearch, auditSearch } from "./audit-search.ts";

/** What is looked for: the server finds it. */
export function AuditFilter({ search, change }: { search: AuditSearch; change: (search: AuditSearch) => void }) {
  const isAny = Object.keys(search).length > 0;
  const send = (form: HTMLFormElement) => {
    const fields = new FormData(form);
    change(auditSearch(Object.fromEntries([...fields.keys()].map((name) => [name, textOf(fields, name)]))));
  };
  return (
    <form
      // Another search from elsewhere: its fields are other ones.
      key={JSON.stringify(search)}
      role="search"
      aria-label="Search the audit"
      className="mb-3 flex flex-wrap items-end gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        send(event.currentTarget);
      }}
    >
      <Part label="Who">
        <input name="who" className="field" placeholder="user or worker" defaultValue={search.who} maxLength={256} />
      </Part>
      <Part label="What">
        <input name="act" className="field" placeholder="user.*" defaultValue={search.act} maxLength={256} />
      </Part>
      <Part label="Worker">
        <input name="worker" className="field" placeholder="name" defaultValue={search.worker} maxLength={256} />
      </Part>
      <Part label="From">
        <input name="from" type="datetime-local" className="field" defaultValue={search.from} />
      </Part>
      <Part label="To">
        <input name="to" type="datetime-local" className="field" defaultValue={search.to} />
      </Part>
      <button type="submit" className="button button-main">
        Search
      </button>
      {isAny && (
        <button type="button" className="button" onClick={() => change({})}>
          Show all
        </button>
      )}
    </form>
  );
}

function Part({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <label className="flex min-w-36 flex-1 flex-col gap-0.5 sm:max-w-52">
      <span className="text-soft">{label}</span>
      {children}
    </label>
  );
}
