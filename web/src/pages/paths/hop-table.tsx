import type { HopLine } from "#tools/wire";
import { percentText } from "../../parts/quantities.ts";

const heads = ["Hop", "Address", "Loss", "Sent", "Last", "Best", "Average", "Worst"];

/** The hops with their times, milliseconds there and back. */
export function HopTable({ hops, label }: { readonly hops: readonly HopLine[]; readonly label: string }) {
  return (
    <div className="overflow-x-auto" role="region" aria-label={label} tabIndex={0}>
      <table className="w-full">
        <thead className="border-b border-line">
          <tr>
            {heads.map((name) => (
              <th key={name} scope="col" className={`head ${name === "Address" ? "" : "number"}`}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {hops.map(({ hop, addresses, loss, sent, lastMs, bestMs, averageMs, worstMs }) => (
            <tr key={hop}>
              <td className="cell number">{hop}</td>
              <td className="cell mono">{addresses.length > 0 ? addresses.join(", ") : "no answer"}</td>
              <td className={`cell number ${loss > 0 ? "text-warn" : ""}`}>
                {sent > 0 ? percentText(100 * loss) : "–"}
              </td>
              <td className="cell number">{sent}</td>
              {[lastMs, bestMs, averageMs, worstMs].map((ms, at) => (
                <td key={heads[at + 4]} className="cell number whitespace-nowrap">
                  {ms === undefined ? "–" : `${ms.toFixed(2)} ms`}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
