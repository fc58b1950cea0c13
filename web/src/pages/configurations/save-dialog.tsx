import { useState } from "react";
import type { CanaryPlan } from "#server/wire";
import type { ConfigWish } from "../../api/configurations.ts";
import { Badge } from "../../parts/badge.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import type { SoundText } from "../../parts/editor/document-editor.tsx";
import { Field } from "../../parts/field.tsx";
import { Form, textOf } from "../../parts/form.tsx";
import { labelsIn } from "../people/label-text.ts";

interface SaveDialogProps {
  readonly sound: SoundText;
  /** Version it was made from. */
  readonly from: number;
  readonly hasStages: boolean;
  readonly save: (wish: ConfigWish) => Promise<void>;
  readonly close: () => void;
}

type Who = "all" | "count" | "labels";

/** The last question before a document is in force: why, and for whom first. What could cut workers off is said again. */
export function SaveDialog({ sound, from, hasStages, save, close }: SaveDialogProps) {
  const { document, warnings } = sound;
  const [who, setWho] = useState<Who>(hasStages && warnings.length > 0 ? "count" : "all");
  const submit = async (fields: FormData) => {
    const canary = planIn(fields, who);
    await save({
      ...{ document, ifMatch: from, comment: textOf(fields, "comment").trim() },
      ...(canary && { canary }),
    });
  };
  return (
    <Dialog title={`Save as version ${from + 1}`} close={close}>
      {warnings.length > 0 && (
        <ul aria-label="Look twice" className="flex flex-col gap-1 rounded-md border border-warn bg-warn-wash p-3">
          {warnings.map(({ path, reason }) => (
            <li key={`${path} ${reason}`} className="break-words">
              <Badge tone="warn" icon="warn">
                look twice
              </Badge>{" "}
              <code className="mono">{path}</code> {reason}
            </li>
          ))}
        </ul>
      )}
      <Form
        button="Save it"
        submit={submit}
        more={
          <button type="button" className="button" onClick={close}>
            Not yet
          </button>
        }
      >
        <Field label="Note" hint="What it is for; it stands in the history.">
          {(id, hint) => (
            <input id={id} aria-describedby={hint} name="comment" className="field" maxLength={1_000} autoFocus />
          )}
        </Field>
        {hasStages && <Stages who={who} choose={setWho} />}
      </Form>
    </Dialog>
  );
}

function Stages({ who, choose }: { readonly who: Who; readonly choose: (who: Who) => void }) {
  return (
    <>
      <Field label="Who gets it">
        {(id) => (
          <select id={id} className="field" value={who} onChange={({ target }) => choose(target.value as Who)}>
            <option value="all">all workers at once</option>
            <option value="count">some workers first, then all</option>
            <option value="labels">workers with a label first, then all</option>
          </select>
        )}
      </Field>
      {who === "count" && (
        <Field label="How many first" hint="Of those that are online, the first by name.">
          {(id, hint) => (
            <input
              id={id}
              aria-describedby={hint}
              name="count"
              type="number"
              min={1}
              max={10_000}
              defaultValue={1}
              className="field"
              required
            />
          )}
        </Field>
      )}
      {who === "labels" && (
        <Field label="Labels" hint="NAME=VALUE, more of them with commas.">
          {(id, hint) => <input id={id} aria-describedby={hint} name="labels" className="field mono" required />}
        </Field>
      )}
      {who !== "all" && (
        <Field label="They must be well for" hint="Then the others get it by itself. If one fails, it is taken back.">
          {(id, hint) => (
            <select id={id} aria-describedby={hint} name="healthy" className="field" defaultValue="60000">
              <option value="10000">10 seconds</option>
              <option value="60000">one minute</option>
              <option value="600000">10 minutes</option>
              <option value="3600000">one hour</option>
              <option value="86400000">one day</option>
            </select>
          )}
        </Field>
      )}
    </>
  );
}

function planIn(fields: FormData, who: Who): CanaryPlan | undefined {
  if (who === "all") return undefined;
  const choose =
    who === "count" ? { count: Number(textOf(fields, "count")) } : { labels: labelsIn(textOf(fields, "labels")) ?? {} };
  return { choose, healthyForMs: Number(textOf(fields, "healthy")) };
}
