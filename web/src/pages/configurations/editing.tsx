import { useBlocker } from "@tanstack/react-router";
import { useRef, useState } from "react";
import type { CheckedText, ConfigText, ThreeWayChange } from "#server/wire";
import type { ConfigWish } from "../../api/configurations.ts";
import { problemOf } from "../../api/problem.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { DocumentEditor, type SoundText } from "../../parts/editor/document-editor.tsx";
import { SaveDialog } from "./save-dialog.tsx";
import { StaleNote } from "./stale-note.tsx";

/** What others have made of the version that a text was made from. */
export interface Differences {
  readonly version: number;
  readonly changes: readonly ThreeWayChange[];
}

export interface EditingProps {
  readonly label: string;
  readonly read: ConfigText;
  /** Read it once more. */
  readonly again: () => Promise<ConfigText>;
  readonly check: (text: string, signal?: AbortSignal) => Promise<CheckedText>;
  readonly write: (wish: ConfigWish) => Promise<void>;
  /** Of a refusal because somebody else was faster. */
  readonly differences: (error: unknown, wish: ConfigWish) => Promise<Differences>;
  /** Others can wait while some have it first. */
  readonly hasStages: boolean;
  /** Why it cannot be saved. */
  readonly why?: string | undefined;
  readonly done: () => void;
  /** Where the page has another state than editing: back to it. */
  readonly leave?: () => void;
}

/** A document that is edited: nothing that was typed is lost, neither by leaving nor because somebody else was faster. */
export function Editing({ label, read, again, check, write, differences, hasStages, why, done, leave }: EditingProps) {
  const [base, setBase] = useState(read);
  const [text, setText] = useState(read.text);
  const [saving, setSaving] = useState<SoundText>();
  const [stale, setStale] = useState<Differences>();
  const [isLeaving, setLeaving] = useState(false);
  const isSaved = useRef(false);
  const isChanged = text !== base.text;
  const leaving = useBlocker({
    shouldBlockFn: () => isChanged && !isSaved.current,
    enableBeforeUnload: () => isChanged && !isSaved.current,
    withResolver: true,
  });
  const save = async (wish: ConfigWish) => {
    try {
      await write(wish);
    } catch (error) {
      if (problemOf(error).code !== "CONFIG_STALE") throw error;
      setStale(await differences(error, wish));
      setSaving(undefined);
      return;
    }
    isSaved.current = true;
    setSaving(undefined);
    done();
  };
  const takeTheirs = async () => {
    const theirs = await again();
    setBase(theirs);
    setText(theirs.text);
    setStale(undefined);
  };
  const keepMine = (version: number) => {
    setBase({ ...base, version });
    setStale(undefined);
  };
  return (
    <div className="flex flex-col gap-3">
      <p className="text-soft">
        {base.version === 0 ? "There is no version yet." : `Made from version ${base.version}.`}{" "}
        {isChanged ? "Changed, and not saved." : "Nothing is changed."}
      </p>
      {stale && <StaleNote {...stale} keepMine={() => keepMine(stale.version)} takeTheirs={takeTheirs} />}
      <DocumentEditor
        label={label}
        text={text}
        change={setText}
        check={check}
        save={setSaving}
        why={why ?? (isChanged || base.version === 0 ? undefined : "nothing is changed")}
        more={
          leave && (
            <button type="button" className="button" onClick={() => (isChanged ? setLeaving(true) : leave())}>
              Back
            </button>
          )
        }
      />
      {saving && (
        <SaveDialog
          sound={saving}
          from={base.version}
          hasStages={hasStages && base.version > 0}
          save={save}
          close={() => setSaving(undefined)}
        />
      )}
      {leaving.status === "blocked" && <Unsaved leave={leaving.proceed} stay={leaving.reset} />}
      {leave && isLeaving && <Unsaved leave={leave} stay={() => setLeaving(false)} />}
    </div>
  );
}

function Unsaved({ leave, stay }: { readonly leave: () => void; readonly stay: () => void }) {
  return (
    <Confirm title="What you typed is not saved" button="Leave it" act={async () => leave()} close={stay}>
      It is lost when you leave.
    </Confirm>
  );
}
