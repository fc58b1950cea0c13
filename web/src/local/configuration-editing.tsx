import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useState } from "react";
import type { ConfigWish } from "../api/configurations.ts";
import { problemOf } from "../api/problem.ts";
import type { Differences } from "../pages/configurations/editing.tsx";
import { SaveDialog } from "../pages/configurations/save-dialog.tsx";
import { StaleNote } from "../pages/configurations/stale-note.tsx";
import { Confirm } from "../parts/confirm.tsx";
import { DocumentEditor, type SoundText } from "../parts/editor/document-editor.tsx";
import {
  checkConfiguration,
  compareConfiguration,
  readConfiguration,
  type Written,
  writeConfiguration,
} from "./configuration.ts";
import { useDraft } from "./draft.tsx";

/** For the check while one types. */
const queries = new QueryClient({
  defaultOptions: { queries: { retry: false, refetchOnWindowFocus: false, refetchOnReconnect: false } },
});

/**
 * The draft in an editor: checked as one types, never saved with a fault, and not lost when somebody else was faster.
 *
 * @param props.done what was written; undefined: nothing, and the draft is dropped.
 */
export function ConfigurationEditing({ done }: { readonly done: (written: Written | undefined) => void }) {
  const { draft = { base: { version: 0, text: "" }, text: "" }, begin } = useDraft();
  const { base, text } = draft;
  const [saving, setSaving] = useState<SoundText>();
  const [stale, setStale] = useState<Differences>();
  const [isLeaving, setLeaving] = useState(false);
  const isChanged = text !== base.text;
  const save = async (wish: ConfigWish) => {
    try {
      done(await writeConfiguration(wish));
    } catch (error) {
      if (problemOf(error).code !== "CONFIG_STALE") throw error;
      setStale(await compareConfiguration(wish));
      setSaving(undefined);
    }
  };
  const takeTheirs = async () => {
    const theirs = await readConfiguration();
    begin({ base: theirs, text: theirs.text });
    setStale(undefined);
  };
  const keepMine = (version: number) => {
    begin({ base: { ...base, version }, text });
    setStale(undefined);
  };
  return (
    <QueryClientProvider client={queries}>
      <div className="flex flex-col gap-3">
        <p className="text-soft">
          {base.version === 0 ? "There is no version yet." : `Made from version ${base.version}.`}{" "}
          {isChanged ? "Changed, and not saved." : "Nothing is changed."}
        </p>
        {stale && <StaleNote {...stale} keepMine={() => keepMine(stale.version)} takeTheirs={takeTheirs} />}
        <DocumentEditor
          label="Configuration of this worker"
          text={text}
          change={(now) => begin({ base, text: now })}
          check={checkConfiguration}
          checker="The worker"
          save={setSaving}
          why={isChanged || base.version === 0 ? undefined : "nothing is changed"}
          more={
            <button type="button" className="button" onClick={() => (isChanged ? setLeaving(true) : done(undefined))}>
              Back
            </button>
          }
        />
        {saving && (
          <SaveDialog
            sound={saving}
            from={base.version}
            hasStages={false}
            save={save}
            close={() => setSaving(undefined)}
          />
        )}
        {isLeaving && (
          <Confirm
            title="What you typed is not saved"
            button="Drop it"
            act={async () => done(undefined)}
            close={() => setLeaving(false)}
          >
            It is lost then. “No” keeps it, also while you look at other pages.
          </Confirm>
        )}
      </div>
    </QueryClientProvider>
  );
}
