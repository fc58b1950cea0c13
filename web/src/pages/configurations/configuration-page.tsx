import { getRouteApi, Link } from "@tanstack/react-router";
import { Tabs } from "radix-ui";
import { useMe } from "../../app/session.tsx";
import { Heading } from "../../parts/heading.tsx";
import { includes } from "../../parts/may.ts";
import { type ConfigurationTab, configurationTabs } from "./configuration-search.ts";
import { ConfigWorkers } from "./config-workers.tsx";
import { EditTab } from "./edit-tab.tsx";
import { RolloutPanel } from "./rollout-panel.tsx";
import { VersionsTab } from "./versions-tab.tsx";

const route = getRouteApi("/configurations/$name");
const titles: Readonly<Record<ConfigurationTab, string>> = { workers: "Workers", versions: "Versions", edit: "Edit" };

/** One configuration of the server: who goes by it, its versions, and the document itself. */
export function ConfigurationPage() {
  const { name } = route.useParams();
  const { tab = "workers", from, to } = route.useSearch();
  const navigate = route.useNavigate();
  const { levels } = useMe();
  const mayWrite = includes(levels.configurations, "configure");
  const goTo = (next: ConfigurationTab) => void navigate({ search: { tab: next }, replace: true });
  return (
    <>
      <p className="text-soft">
        <Link to="/configurations" className="link">
          Configurations
        </Link>{" "}
        /
      </p>
      <Heading title={name} />
      <Tabs.Root value={tab} onValueChange={(next) => goTo(next as ConfigurationTab)}>
        <Tabs.List aria-label={`Parts of ${name}`} className="mb-4 flex gap-1 border-b border-line">
          {configurationTabs.map((one) => (
            <Tabs.Trigger
              key={one}
              value={one}
              className="-mb-px cursor-pointer border-b-2 border-transparent px-3 py-1.5 text-soft hover:text-ink data-[state=active]:border-accent data-[state=active]:font-semibold data-[state=active]:text-accent"
            >
              {titles[one]}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        <Tabs.Content value="workers" className="flex flex-col gap-4">
          <RolloutPanel name={name} mayWrite={mayWrite} />
          <ConfigWorkers name={name} />
        </Tabs.Content>
        <Tabs.Content value="versions">
          <VersionsTab
            name={name}
            mayWrite={mayWrite}
            compared={from !== undefined && to !== undefined ? { from, to } : undefined}
            compare={(pair) => void navigate({ search: { tab: "versions", ...pair }, replace: true })}
          />
        </Tabs.Content>
        <Tabs.Content value="edit">
          <EditTab key={name} name={name} mayWrite={mayWrite} done={() => goTo("workers")} />
        </Tabs.Content>
      </Tabs.Root>
    </>
  );
}
