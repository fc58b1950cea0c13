import { DropdownMenu } from "radix-ui";
import { type ReactNode, useState } from "react";
import { Icon } from "./icon.tsx";

const look = "rounded-md p-1.5 text-soft hover:bg-accent-wash hover:text-accent";

interface MenuProps {
  readonly label: string;
  readonly children: ReactNode;
}

/** What one may do with a thing. A list has one in each row: until somebody opens it, it is a button and nothing else. */
export function Menu({ label, children }: MenuProps) {
  const [isWanted, setWanted] = useState(false);
  if (isWanted) return <OpenMenu label={label}>{children}</OpenMenu>;
  return (
    <button type="button" className={look} aria-label={label} aria-haspopup="menu" onClick={() => setWanted(true)}>
      <Icon name="more" />
    </button>
  );
}

/** It is not modal: what would keep the page from scrolling puts a style into it. */
function OpenMenu({ label, children }: MenuProps) {
  return (
    <DropdownMenu.Root modal={false} defaultOpen>
      <DropdownMenu.Trigger className={look} aria-label={label}>
        <Icon name="more" />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align="end" sideOffset={4} className="sheet z-40 min-w-40 p-1 shadow-lg">
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

/** One act of a menu. @param why it cannot be done now. */
export function MenuItem({
  act,
  why,
  children,
}: {
  readonly act: () => void;
  readonly why?: string;
  readonly children: ReactNode;
}) {
  return (
    <DropdownMenu.Item
      onSelect={act}
      disabled={why !== undefined}
      className="flex cursor-pointer flex-col rounded px-2.5 py-1.5 outline-none data-disabled:cursor-not-allowed data-disabled:text-stale data-highlighted:bg-accent-wash data-highlighted:text-accent"
    >
      <span className="flex items-center gap-2">{children}</span>
      {why !== undefined && <span className="max-w-56 text-[0.85em]">{why}</span>}
    </DropdownMenu.Item>
  );
}
