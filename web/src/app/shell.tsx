import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { logout } from "../api/session.ts";
import { AskedAgain } from "../live/asked-again.tsx";
import { Icon } from "../parts/icon.tsx";
import { LiveMark } from "./live-mark.tsx";
import { navigationFor } from "./navigation.ts";
import { useMe, useSession } from "./session.tsx";
import { chooseTheme, type ThemeChoice, useThemeChoice } from "./theme.ts";

/** What stands around every page: the menu, whether changes come in, who is logged in. */
export function Shell() {
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const [isOpen, setOpen] = useState(false);
  const { levels } = useMe();
  useEffect(() => setOpen(false), [path]);
  return (
    <div className="min-h-dvh md:grid md:grid-cols-[12.5rem_1fr]">
      <a href="#main" className="skip button button-main">
        Skip to the page
      </a>
      <header className="flex flex-col border-line bg-sheet max-md:border-b md:sticky md:top-0 md:h-dvh md:border-r">
        <div className="flex items-center justify-between gap-2 px-4 py-3">
          <Brand />
          <div className="flex items-center gap-3 md:hidden">
            <LiveMark />
            <button
              type="button"
              className="button"
              aria-expanded={isOpen}
              aria-controls="menu"
              onClick={() => setOpen(!isOpen)}
            >
              <Icon name="menu" />
              Menu
            </button>
          </div>
        </div>
        <div id="menu" className={`flex-1 flex-col gap-4 px-2 pb-3 ${isOpen ? "flex" : "max-md:hidden md:flex"}`}>
          <nav aria-label="Pages" className="flex flex-col gap-0.5">
            {navigationFor(levels).map(({ to, name, icon }) => (
              <Link
                key={to}
                to={to}
                activeOptions={{ exact: to === "/" }}
                className="flex items-center gap-2.5 rounded-md px-2.5 py-1.5 text-soft hover:bg-sunk hover:text-ink"
                activeProps={{ className: "bg-accent-wash !text-accent font-semibold" }}
              >
                <Icon name={icon} />
                {name}
              </Link>
            ))}
          </nav>
          <div className="mt-auto flex flex-col gap-2 px-2">
            <div className="max-md:hidden">
              <LiveMark />
            </div>
            <ThemeChooser />
            <Account />
          </div>
        </div>
      </header>
      <main id="main" tabIndex={-1} className="min-w-0 p-4 outline-none md:p-6">
        <AskedAgain />
        <Outlet />
      </main>
    </div>
  );
}

function Brand() {
  return (
    <Link to="/" className="flex items-center gap-2 text-[1.05rem] font-bold tracking-tight">
      <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
        <rect width="32" height="32" rx="7" className="fill-accent" />
        <path d="M9 24V8h14M9 16h10" fill="none" className="stroke-on-accent" strokeWidth="3.2" strokeLinecap="round" />
      </svg>
      Farhand
    </Link>
  );
}

function ThemeChooser() {
  const choice = useThemeChoice();
  return (
    <label className="flex items-center gap-2 text-soft">
      <Icon name="theme" />
      <span className="sr-only">Colours</span>
      <select
        className="min-w-0 flex-1 rounded border border-line bg-sheet px-1 py-0.5 text-ink"
        value={choice}
        onChange={({ target }) => chooseTheme(target.value as ThemeChoice)}
      >
        <option value="auto">system</option>
        <option value="light">light</option>
        <option value="dark">dark</option>
      </select>
    </label>
  );
}

function Account() {
  const { user } = useMe();
  const { ended } = useSession();
  return (
    <div className="flex items-center justify-between gap-2 border-t border-line pt-2">
      <Link to="/account" className="flex min-w-0 items-center gap-2 hover:text-accent">
        <Icon name="account" />
        <span className="min-w-0">
          <span className="block truncate font-medium">{user.name}</span>
          <span className="block text-soft text-[0.85em]">{user.role}</span>
        </span>
      </Link>
      <button type="button" className="link" onClick={() => void logout().finally(ended)}>
        Log out
      </button>
    </div>
  );
}
