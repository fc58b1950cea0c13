import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import type { ToolName } from "#tools/wire";
import { Empty } from "../../parts/empty.tsx";
import { Heading } from "../../parts/heading.tsx";
import { ToolRuns, type ToolRunsProps } from "./tool-runs.tsx";

interface ToolPageProps extends Pick<ToolRunsProps, "columns" | "link"> {
  readonly title: string;
  readonly button: string;
  readonly tool: ToolName;
  /** Between heading and list. */
  readonly more?: ReactNode;
  readonly dialog: (close: () => void) => ReactNode;
}

/** All runs of a tool on all workers, and a way to a new one. */
export function ToolPage({ title, button, tool, dialog, columns, link, more }: ToolPageProps) {
  const [isOpen, setOpen] = useState(false);
  const empty = (
    <Empty title="There is none yet.">
      Press {button}, here or at{" "}
      <Link to="/workers" className="link">
        a worker
      </Link>
      .
    </Empty>
  );
  return (
    <>
      <Heading title={title}>
        <button type="button" className="button button-main ml-auto" onClick={() => setOpen(true)}>
          {button}
        </button>
      </Heading>
      {more}
      <ToolRuns label={title} tool={tool} columns={columns} link={link} empty={empty} />
      {isOpen && dialog(() => setOpen(false))}
    </>
  );
}
