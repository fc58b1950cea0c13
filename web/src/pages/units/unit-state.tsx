const states = ["pending", "running", "succeeded", "failed", "canceled"];

/** Which units are looked at, by their state; empty: all of them. */
export function UnitState({ state, change }: { readonly state: string; readonly change: (state: string) => void }) {
  return (
    <select
      aria-label="State"
      className="field !w-auto self-start"
      value={state}
      onChange={({ target }) => change(target.value)}
    >
      <option value="">every state</option>
      {states.map((one) => (
        <option key={one}>{one}</option>
      ))}
    </select>
  );
}
