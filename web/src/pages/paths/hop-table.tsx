import type { HopLine } from "#tools/wire";
import { percentText } from "../../parts/quantities.ts";
import { Table, type TableColumn } from "../../parts/table.tsx";

const times = ["Last", "Best", "Average", "Worst"];
const columns: readonly TableColumn[] = [
  { name: "Hop", isNumber: true },
  { name: "Address" },
  ...["Loss", "Sent", ...times].map((name) => ({ name, isNumber: true })),
];

/** The hops with their times, milliseconds there and back. */
export function HopTable({ hops, label }: { readonly hops: readonly HopLine[]; readonly label: string }) {
  return (
    <Table label={label} columns={columns} isPart>
      {hops.map(({ hop, addresses, loss, sent, lastMs, bestMs, averageMs, worstMs }) => (
        <tr key={hop}>
          <td className="cell number">{hop}</td>
          <td className="cell mono">{addresses.length > 0 ? addresses.join(", ") : "no answer"}</td>
          <td className={`cell number ${loss > 0 ? "text-warn" : ""}`}>{sent > 0 ? percentText(100 * loss) : "–"}</td>
          <td className="cell number">{sent}</td>
          {[lastMs, bestMs, averageMs, worstMs].map((ms, at) => (
            <td key={times[at]} className="cell number whitespace-nowrap">
              {ms === undefined ? "–" : `${ms.toFixed(2)} ms`}
            </td>
          ))}
        </tr>
      ))}
    </Table>
  );
}
