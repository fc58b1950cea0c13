import type { CheckedText, TextFault } from "#server/wire";
import { Badge } from "../badge.tsx";

interface FaultListProps {
  readonly checked: CheckedText;
  /** Who has looked, at the beginning of a sentence. */
  readonly checker: string;
  readonly goTo: (line: number) => void;
}

/** What is wrong with a text, and what should be looked at twice; each with a way to its line. */
export function FaultList({ checked, checker, goTo }: FaultListProps) {
  const { faults, warnings } = checked;
  if (faults.length + warnings.length === 0)
    return (
      <Badge tone="ok" icon="ok">
        {`${checker} finds nothing wrong with it.`}
      </Badge>
    );
  return (
    <ul className="flex flex-col gap-1.5" aria-label="What is wrong with it">
      {faults.map((fault) => (
        <Line key={`${fault.path} ${fault.line} ${fault.reason}`} fault={fault} isFault goTo={goTo} />
      ))}
      {warnings.map((fault) => (
        <Line key={`${fault.path} ${fault.reason}`} fault={fault} isFault={false} goTo={goTo} />
      ))}
    </ul>
  );
}

interface LineProps {
  readonly fault: TextFault;
  readonly isFault: boolean;
  readonly goTo: (line: number) => void;
}

function Line({ fault: { path, reason, line }, isFault, goTo }: LineProps) {
  return (
    <li className="flex flex-wrap items-center gap-x-3">
      <Badge tone={isFault ? "bad" : "warn"} icon={isFault ? "bad" : "warn"}>
        {isFault ? "wrong" : "look twice"}
      </Badge>
      {line !== null && (
        <button type="button" className="link" onClick={() => goTo(line)}>
          line {line}
        </button>
      )}
      {path !== "" && <code className="mono break-all">{path}</code>}
      <span className="min-w-0 break-words">{reason}</span>
    </li>
  );
}
