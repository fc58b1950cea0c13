import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ConnectionTest, WorkerView } from "#server/wire";
import { setAddress, testConnection } from "../../api/worker-configuration.ts";
import { useServerNow } from "../../live/clock.ts";
import { Age } from "../../parts/age.tsx";
import { Badge, type Tone } from "../../parts/badge.tsx";
import { Field } from "../../parts/field.tsx";
import { Form, textOf } from "../../parts/form.tsx";
import type { IconName } from "../../parts/icon.tsx";
import { includes } from "../../parts/may.ts";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { durationText } from "../../parts/quantities.ts";

/** The way between the server and a worker: how it came in, a test that names the stage that fails, its address (CAT-103). */
export function Connection({ worker }: { readonly worker: WorkerView }) {
  const now = useServerNow();
  return (
    <div className="flex flex-col gap-4">
      <section aria-label="How it is connected" className="sheet p-4">
        <h2 className="mb-2">How it is connected</h2>
        <p>
          Workers dial this server, and the server dials none: there is no port to open at the worker and no address to
          keep right. It is <strong>{worker.state}</strong>: {worker.cause}, <Age at={worker.since} now={now} />.
        </p>
      </section>
      <TestConnection key={worker.id} worker={worker} />
      {worker.addresses && <Addresses worker={worker} addresses={worker.addresses} />}
    </div>
  );
}

type Stage = ConnectionTest["stages"][number];
const names: Readonly<Record<Stage["stage"], string>> = {
  name: "Name",
  connection: "Connection",
  key: "Key",
  assertion: "Assertion",
  role: "Role",
};
const looks: Readonly<Record<Stage["state"], readonly [Tone, IconName]>> = {
  fine: ["ok", "ok"],
  trouble: ["bad", "bad"],
  unknown: ["quiet", "stopped"],
};

function TestConnection({ worker }: { readonly worker: WorkerView }) {
  const { mutate, data, error, isPending } = useMutation({ mutationFn: () => testConnection(worker.id) });
  return (
    <section aria-label="Test of the connection" className="sheet flex flex-col gap-3 p-4">
      <div className="flex flex-wrap items-center gap-3">
        <h2>Test</h2>
        <button type="button" className="button button-main" disabled={isPending} onClick={() => mutate()}>
          Test connection
        </button>
        <span role="status">{data && verdictOf(data)}</span>
      </div>
      {error && <ProblemNote error={error} />}
      {data && (
        <ol className="divide-y divide-line">
          {data.stages.map((stage) => (
            <StageLine key={stage.stage} stage={stage} />
          ))}
        </ol>
      )}
    </section>
  );
}

function verdictOf({ failed, tookMs }: ConnectionTest): string {
  if (failed !== undefined) return `It fails at the stage “${names[failed as Stage["stage"]]}”.`;
  return tookMs === null ? "Nothing failed." : `It answered in ${durationText(tookMs)}.`;
}

function StageLine({ stage: { stage, state, says, cure, who } }: { readonly stage: Stage }) {
  const [tone, icon] = looks[state];
  return (
    <li className="grid gap-x-4 py-2 sm:grid-cols-[8rem_7rem_1fr]">
      <span className="font-medium">{names[stage]}</span>
      <span className="self-start">
        <Badge tone={tone} icon={icon}>
          {state}
        </Badge>
      </span>
      <div className="min-w-0 break-words">
        {says}
        {cure !== undefined && <p>Try: {cure}</p>}
        {who !== undefined && <p className="text-soft">Who can change it: {who}</p>}
      </div>
    </li>
  );
}

interface AddressesProps {
  readonly worker: WorkerView;
  readonly addresses: NonNullable<WorkerView["addresses"]>;
}

/** Where it is, by who says so; one of them a person can set (CAT-40). Told to admins only. */
function Addresses({ worker, addresses }: AddressesProps) {
  const queries = useQueryClient();
  const { observed, reported, configured } = addresses;
  const save = async (fields: FormData) => {
    const address = textOf(fields, "address").trim();
    await setAddress(worker.id, address === "" ? null : address);
    await queries.invalidateQueries({ queryKey: ["worker"] });
  };
  return (
    <section aria-label="Address" className="sheet flex flex-col gap-3 p-4">
      <h2>Address</h2>
      <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-1">
        <dt className="text-soft">Seen by the server</dt>
        <dd className="mono break-all">{observed ?? "–"}</dd>
        <dt className="text-soft">Said by itself</dt>
        <dd className="mono break-all">{reported ?? "–"}</dd>
      </dl>
      {includes(worker.level, "admin") && (
        <Form key={configured} button="Keep it" submit={save}>
          <Field
            label="Host or address, and published port"
            hint="For people and programs that come to the worker’s own HTTPS port; this server never dials it. Empty: none."
          >
            {(id, hint) => (
              <input
                id={id}
                aria-describedby={hint}
                name="address"
                className="field mono max-w-md"
                defaultValue={configured ?? ""}
                placeholder="worker.example:18889"
                autoComplete="off"
              />
            )}
          </Field>
        </Form>
      )}
    </section>
  );
}
