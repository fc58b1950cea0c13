import type { ReactNode } from "react";

export interface TableColumn {
  /** No two of a table have the same. */
  readonly name: string;
  readonly isNumber?: boolean;
  /** Classes that hide it where there is no room. */
  readonly room?: string;
}

interface TableProps {
  /** What the table is, for those who do not see it. */
  readonly label: string;
  readonly columns: readonly TableColumn[];
  /** Within a sheet that is there already. */
  readonly isPart?: boolean;
  /** `<tr>`, all of them in the page: for lists without an end there are `Rows`. */
  readonly children: ReactNode;
}

/** Rows below each other. Where it is wider than the page it moves by itself. */
export function Table({ label, columns, isPart = false, children }: TableProps) {
  return (
    <div className={`overflow-x-auto ${isPart ? "" : "sheet"}`} role="region" aria-label={label} tabIndex={0}>
      <table className="w-full">
        <thead className="border-b border-line">
          <tr>
            {columns.map(({ name, isNumber = false, room = "" }) => (
              <th key={name} scope="col" className={`head ${isNumber ? "number" : ""} ${room}`}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">{children}</tbody>
      </table>
    </div>
  );
}
