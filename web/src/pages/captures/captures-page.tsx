import { Link } from "@tanstack/react-router";
import { bytesText } from "../../parts/quantities.ts";
import { askedText } from "../tools/asked.ts";
import { ToolPage } from "../tools/tool-page.tsx";
import { CaptureDialog } from "./capture-dialog.tsx";

const columns = [
  { name: "Filter", text: (unit: Parameters<typeof askedText>[0]) => askedText(unit, "filter") || "all packets" },
  {
    name: "Interface",
    text: (unit: Parameters<typeof askedText>[0]) => askedText(unit, "interface") || "all",
    room: "max-md:hidden",
  },
  { name: "Size", text: ({ stdoutSize }: { readonly stdoutSize: number }) => bytesText(stdoutSize) },
];

/** The captures of all workers. */
export function CapturesPage() {
  return (
    <ToolPage
      title="Captures"
      button="Capture…"
      tool="capture"
      columns={columns}
      link={({ worker, id }, text) => (
        <Link to="/captures/$worker/$unit" params={{ worker: worker.name, unit: id }} className="link mono">
          {text}
        </Link>
      )}
      dialog={(close) => <CaptureDialog close={close} />}
    />
  );
}
