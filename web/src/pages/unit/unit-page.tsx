import { getRouteApi, Link } from "@tanstack/react-router";
import { AsOf } from "../../live/as-of.tsx";
import { useServerNow } from "../../live/clock.ts";
import { UnitBadge } from "../../parts/badge.tsx";
import { Loading } from "../../parts/empty.tsx";
import { Heading } from "../../parts/heading.tsx";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { OutputView } from "./output-view.tsx";
import { UnitActs } from "./unit-acts.tsx";
import { UnitFacts } from "./unit-facts.tsx";
import { useUnit } from "./use-unit.ts";

const route = getRouteApi("/workers/$worker/units/$unit");

/** One unit: how it is, how it ended, and its output. */
export function UnitPage() {
  const { worker, unit: id } = route.useParams();
  const { data, error, refetch, told } = useUnit(worker, id);
  const now = useServerNow();
  if (error && !data)
    return (
      <>
        <Heading title={`Unit ${id}`} />
        <ProblemNote error={error} retry={() => void refetch()} />
      </>
    );
  if (!data) return <Loading what={`unit ${id}`} />;
  return (
    <div className="flex flex-col gap-4">
      <div>
        <p className="text-soft">
          <Link to="/workers/$worker" params={{ worker }} search={{ tab: "units" }} className="link">
            {worker}
          </Link>{" "}
          / unit
        </p>
        <Heading title={data.id}>
          <span role="status">
            <UnitBadge state={data.state} name={data.stateName} />
          </span>
          <UnitActs worker={worker} unit={data} />
        </Heading>
        <AsOf />
        <UnitFacts unit={data} now={now} />
      </div>
      <OutputView key={`${worker} ${id}`} worker={worker} unit={data} told={told} />
    </div>
  );
}
