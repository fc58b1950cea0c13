import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { readConfigs } from "../../api/configurations.ts";
import { useMe } from "../../app/session.tsx";
import { AsOf } from "../../live/as-of.tsx";
import { useServerNow } from "../../live/clock.ts";
import { useLive } from "../../live/live.tsx";
import { useToldQuery } from "../../live/told-query.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Command, Empty, Loading } from "../../parts/empty.tsx";
import { Field } from "../../parts/field.tsx";
import { Form, textOf } from "../../parts/form.tsx";
import { Heading } from "../../parts/heading.tsx";
import { includes } from "../../parts/may.ts";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { Rows } from "../../parts/rows.tsx";
import { ConfigCells, configColumns } from "./config-cells.tsx";

/** As the server has it (`requireConfigName`). */
const namePattern = "[A-Za-z0-9][A-Za-z0-9_.\\-]{0,62}";

/** The configurations that the server holds for workers, and how far each has come. */
export function ConfigurationsPage() {
  const { workers } = useLive();
  const { data, error, refetch } = useToldQuery({
    key: ["configs"],
    channel: "configurations",
    read: readConfigs,
    // One that came or left may go by any of them.
    also: String(workers.length),
  });
  const now = useServerNow();
  const { levels } = useMe();
  const [isMaking, setMaking] = useState(false);
  const why = includes(levels.configurations, "configure") ? undefined : "your role may not configure";
  return (
    <>
      <Heading title="Configurations">
        <button
          type="button"
          className="button button-main ml-auto"
          disabled={why !== undefined}
          title={why}
          onClick={() => setMaking(true)}
        >
          New configuration…
        </button>
      </Heading>
      <AsOf />
      {error && <ProblemNote error={error} retry={() => void refetch()} />}
      {!data && !error && <Loading what="the configurations" />}
      {data?.length === 0 && <None />}
      {data && data.length > 0 && (
        <Rows
          label="Configurations"
          columns={configColumns}
          rows={data}
          keyOf={({ name }) => name}
          cells={(config) => <ConfigCells config={config} now={now} />}
        />
      )}
      {isMaking && <NewConfiguration close={() => setMaking(false)} />}
    </>
  );
}

function None() {
  return (
    <div className="sheet">
      <Empty title="This server holds no configuration, or none that you may see.">
        <p>
          A configuration is one document for as many workers as you like. Make one with “New configuration…”, then name
          it for workers that joined in the mode <code className="mono">cloud</code>:
        </p>
        <Command>farhand workers set WORKER --label farhand/config=NAME</Command>
      </Empty>
    </div>
  );
}

function NewConfiguration({ close }: { readonly close: () => void }) {
  const navigate = useNavigate();
  const open = async (fields: FormData) => {
    await navigate({
      to: "/configurations/$name",
      params: { name: textOf(fields, "name").trim() },
      search: { tab: "edit" },
    });
  };
  return (
    <Dialog title="A new configuration" close={close}>
      <Form
        button="Write it"
        submit={open}
        more={
          <button type="button" className="button" onClick={close}>
            Not now
          </button>
        }
      >
        <Field
          label="Name"
          hint="Letters, digits, points, underscores and hyphens. Nothing is written before you save."
        >
          {(id, hint) => (
            <input
              id={id}
              aria-describedby={hint}
              name="name"
              className="field mono"
              pattern={namePattern}
              autoComplete="off"
              required
              autoFocus
            />
          )}
        </Field>
      </Form>
    </Dialog>
  );
}
