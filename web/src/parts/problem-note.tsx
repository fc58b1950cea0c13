import { problemOf } from "../api/problem.ts";
import { Icon } from "./icon.tsx";

/** What was refused or failed: what, by which rule, who can change it, and what to try (CAT-111). */
export function ProblemNote({ error, retry }: { readonly error: unknown; readonly retry?: () => void }) {
  const { title, detail, code, rule, change, remedy } = problemOf(error);
  return (
    <div role="alert" className="rounded-lg border border-bad bg-bad-wash p-3 text-ink">
      <p className="flex items-start gap-2 font-medium">
        <Icon name="bad" className="mt-0.5 text-bad" />
        <span className="break-words min-w-0">{detail}</span>
      </p>
      <dl className="mt-2 grid grid-cols-[auto_1fr] gap-x-3 gap-y-0.5 pl-6">
        <Line name="What">{`${title} (${code})`}</Line>
        <Line name="Rule">{rule}</Line>
        <Line name="Who can change it">{change}</Line>
        <Line name="Try">{remedy}</Line>
      </dl>
      {retry && (
        <button type="button" className="button mt-2 ml-6" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

function Line({ name, children }: { readonly name: string; readonly children: string | undefined }) {
  if (children === undefined) return null;
  return (
    <>
      <dt className="text-soft">{name}</dt>
      <dd className="break-words min-w-0">{children}</dd>
    </>
  );
}
