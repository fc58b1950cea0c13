import type { NewEnrolment } from "#server/wire";
import { makeEnrolment } from "../../api/enrolments.ts";
import { Field } from "../../parts/field.tsx";
import { Form, textOf } from "../../parts/form.tsx";
import { labelsIn } from "../people/label-text.ts";

const hourMs = 3_600_000;

/** How long a token may be used, milliseconds. */
const lives: readonly (readonly [number, string])[] = [
  [hourMs, "1 hour"],
  [8 * hourMs, "8 hours"],
  [24 * hourMs, "1 day"],
  [7 * 24 * hourMs, "7 days"],
  [30 * 24 * hourMs, "30 days"],
];

/** What a new token lets in, and how long. */
export function TokenForm({ done }: { readonly done: (made: NewEnrolment) => void }) {
  const make = async (fields: FormData) => {
    const name = textOf(fields, "name").trim();
    const labels = labelsIn(textOf(fields, "labels"));
    const wish = {
      lifeMs: Number(textOf(fields, "life")),
      cloneable: textOf(fields, "uses") === "many",
      mayReplace: fields.has("replace"),
      ...(name !== "" && { name }),
      ...(labels && { labels }),
    };
    done(await makeEnrolment(wish));
  };
  return (
    <Form button="Make a token" submit={make}>
      <h2>A token for it</h2>
      <p className="text-soft">It lets a machine in without a question. It is shown once.</p>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="It lets in">
          {(id) => (
            <select id={id} name="uses" className="field">
              <option value="one">one worker</option>
              <option value="many">any number of workers</option>
            </select>
          )}
        </Field>
        <Field label="For">
          {(id) => (
            <select id={id} name="life" className="field">
              {lives.map(([ms, text]) => (
                <option key={ms} value={ms}>
                  {text}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      <Field label="Name" hint="The name that it gets, or with one * a pattern for its own. Empty: the name it wants.">
        {(id, hint) => (
          <input id={id} aria-describedby={hint} name="name" className="field mono" maxLength={63} autoComplete="off" />
        )}
      </Field>
      <Field label="Labels" hint="NAME=VALUE, more of them with commas. They win over what the worker says of itself.">
        {(id, hint) => (
          <input id={id} aria-describedby={hint} name="labels" className="field mono" autoComplete="off" />
        )}
      </Field>
      <label className="flex items-start gap-2">
        <input type="checkbox" name="replace" className="mt-1" />
        <span>It may take the place of the old entry of its machine, after a reinstall</span>
      </label>
    </Form>
  );
}
