import type { User } from "#server/wire";
import { useMe } from "../../app/session.tsx";
import { Badge } from "../../parts/badge.tsx";
import { Menu, MenuItem } from "../../parts/menu.tsx";
import type { Column } from "../../parts/rows.tsx";
import { labelText } from "./label-text.ts";
import type { UserAct } from "./user-dialog.tsx";

/** The columns of the users. */
export const userColumns: readonly Column<"name" | "role" | "labels" | "state" | "factor" | "acts">[] = [
  { key: "name", name: "Name" },
  { key: "role", name: "Role" },
  { key: "labels", name: "On workers with", room: "max-md:hidden" },
  { key: "factor", name: "Second factor", room: "max-md:hidden" },
  { key: "state", name: "State" },
  { key: "acts", name: "Actions" },
];

/** One user's row. */
export function UserCells({ user, act }: { readonly user: User; readonly act: (act: UserAct) => void }) {
  const labels = labelText(user.labels);
  return (
    <>
      <td className="cell max-w-72 truncate font-medium">{user.name}</td>
      <td className="cell">{user.role}</td>
      <td className="cell max-md:hidden">
        {labels === "" ? <span className="text-soft">every worker</span> : <span className="mono">{labels}</span>}
      </td>
      <td className="cell max-md:hidden">{user.service ? "service account" : user.factor ? "set up" : "none"}</td>
      <td className="cell">
        <Badge tone={user.disabled ? "quiet" : "ok"} icon={user.disabled ? "stopped" : "ok"}>
          {user.disabled ? "disabled" : "enabled"}
        </Badge>
      </td>
      <td className="cell">
        <Acts user={user} act={act} />
      </td>
    </>
  );
}

function Acts({ user, act }: { readonly user: User; readonly act: (act: UserAct) => void }) {
  const isSelf = useMe().user.id === user.id;
  const own = isSelf ? { why: "this is you: another admin does that" } : {};
  const noLogin = user.service ? { why: "a service account has no login" } : {};
  const noPassword = user.service ? { why: "a service account has none" } : {};
  return (
    <Menu label={`Actions of ${user.name}`}>
      <MenuItem act={() => act("access")}>Role and labels…</MenuItem>
      <MenuItem act={() => act("tokens")}>API tokens…</MenuItem>
      <MenuItem act={() => act("sessions")} {...noLogin}>
        Sessions…
      </MenuItem>
      <MenuItem act={() => act("password")} {...noPassword}>
        Another password…
      </MenuItem>
      <MenuItem act={() => act("factor")} {...(!user.factor && { why: "none is set up" })}>
        Forget the second factor…
      </MenuItem>
      <MenuItem act={() => act(user.disabled ? "enable" : "disable")} {...own}>
        {user.disabled ? "Enable…" : "Disable…"}
      </MenuItem>
      <MenuItem act={() => act("remove")} {...own}>
        Remove…
      </MenuItem>
    </Menu>
  );
}
