import { type Column, Rows } from "../../parts/rows.tsx";
import { costText, type Edge } from "./mesh-graph.ts";

const columns: readonly Column<"a" | "b" | "cost" | "road" | "told">[] = [
  { key: "a", name: "From" },
  { key: "b", name: "To" },
  { key: "cost", name: "Cost", isNumber: true },
  { key: "road", name: "Road", room: "max-md:hidden" },
  { key: "told", name: "Told by", room: "max-md:hidden" },
];

/** The links of the drawing as a list, with the node that told of each. */
export function LinkTable({ edges }: { readonly edges: readonly Edge[] }) {
  return (
    <Rows
      label="Links"
      columns={columns}
      rows={edges}
      keyOf={({ a, b }) => JSON.stringify([a, b])}
      cells={({ a, b, road, toldBy, ...costs }) => (
        <>
          <Name text={a} />
          <Name text={b} />
          <td className="cell number">{costText(costs)}</td>
          <td className="cell mono max-w-40 truncate max-md:hidden" title={road}>
            {road ?? "–"}
          </td>
          <td className="cell mono max-w-40 truncate max-md:hidden">{toldBy.join(", ")}</td>
        </>
      )}
    />
  );
}

function Name({ text }: { readonly text: string }) {
  return (
    <td className="cell mono max-w-36 truncate" title={text}>
      {text}
    </td>
  );
}
