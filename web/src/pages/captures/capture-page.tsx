import { getRouteApi, Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { outputPath } from "../../api/units.ts";
import { UnitBadge } from "../../parts/badge.tsx";
import { Empty, Loading } from "../../parts/empty.tsx";
import { Heading } from "../../parts/heading.tsx";
import { Icon } from "../../parts/icon.tsx";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { bytesText } from "../../parts/quantities.ts";
import { UnitActs } from "../unit/unit-acts.tsx";
import { useUnit } from "../unit/use-unit.ts";
import { mostBytes } from "./captured.ts";
import { PacketTable } from "./packet-table.tsx";
import { PacketView } from "./packet-view.tsx";
import { type CaptureNow, useCapture } from "./use-capture.ts";
import { useSearch } from "./use-search.ts";

const route = getRouteApi("/captures/$worker/$unit");

/** One capture: packets as they arrive, each to be opened, all to be downloaded. */
export function CapturePage() {
  const { worker, unit } = route.useParams();
  const { data, error } = useUnit(worker, unit);
  const now = useCapture(worker, unit);
  const fault = error ?? now?.error;
  return (
    <div className="flex flex-col gap-3">
      <div>
        <p className="text-soft">
          <Link to="/captures" className="link">
            Captures
          </Link>{" "}
          / {worker}
        </p>
        <Heading title={`Capture on ${worker}`}>
          {data && (
            <span role="status">
              <UnitBadge state={data.state} name={data.stateName} />
            </span>
          )}
          <a className="button" href={outputPath(worker, unit)} download={`${worker}-${unit}.pcap`}>
            <Icon name="download" />
            Download .pcap
          </a>
          {data && <UnitActs worker={worker} unit={data} />}
        </Heading>
        {data && data.detail !== "" && <p className="break-words text-soft">{data.detail}</p>}
      </div>
      {fault !== undefined && <ProblemNote error={fault} />}
      {now ? <Packets now={now} /> : <Loading what="the packets" />}
    </div>
  );
}

function Packets({ now }: { readonly now: CaptureNow }) {
  const { captured, count } = now;
  const [text, setText] = useState("");
  const [selected, select] = useState<number>();
  const [follows, setFollows] = useState(true);
  const [pausedAt, setPausedAt] = useState<number>();
  const found = useSearch(now, text);
  const packet = useMemo(() => (selected === undefined ? undefined : captured.packet(selected)), [captured, selected]);
  const shown = found ? found.numbers : (pausedAt ?? count);
  return (
    <>
      <div className="flex flex-wrap items-center gap-2" role="search">
        <input
          type="search"
          aria-label="Show packets with"
          placeholder="Show packets with: dns 10.0.0.1, or udp.port == 53"
          aria-invalid={found?.fault !== undefined}
          className="field mono min-w-0 flex-1 basis-60"
          value={text}
          onChange={({ target }) => setText(target.value)}
        />
        <button
          type="button"
          className="button"
          aria-pressed={pausedAt !== undefined}
          onClick={() => setPausedAt(pausedAt === undefined ? count : undefined)}
        >
          {pausedAt === undefined ? "Pause" : "Go on"}
        </button>
        <button type="button" className="button" aria-pressed={follows} onClick={() => setFollows(!follows)}>
          Follow the end
        </button>
      </div>
      {found?.fault !== undefined && (
        <p className="text-warn" role="alert">
          The filter: {found.fault}.
        </p>
      )}
      <Statistics now={now} {...(found && { found: found.numbers.length })} />
      {count === 0 ? (
        <div className="sheet">
          <Empty title={now.isOver ? "No packet was captured." : "No packet yet."}>
            {now.isOver ? "None has passed that the filter lets through." : "They are shown as they pass."}
          </Empty>
        </div>
      ) : (
        <PacketTable
          captured={captured}
          shown={shown}
          selected={selected}
          select={(number) => {
            select(number);
            setFollows(false);
          }}
          follows={follows && pausedAt === undefined}
          setFollows={setFollows}
        />
      )}
      {packet && selected !== undefined && <PacketView key={selected} packet={packet} number={selected} />}
    </>
  );
}

function Statistics({ now, found }: { readonly now: CaptureNow; readonly found?: number }) {
  const { captured, count, bytes, cut } = now;
  return (
    <p className="text-soft" role="status" aria-label="Statistics">
      {count.toLocaleString("en")} {count === 1 ? "packet" : "packets"}, {bytesText(bytes)}
      {found !== undefined && `, ${found.toLocaleString("en")} shown`}
      {cut !== undefined && (
        <span className="text-bad">
          ; reconnecting at byte {bytes}: {cut}
        </span>
      )}
      {captured.index.fault !== undefined && <span className="text-bad">; {captured.index.fault}</span>}
      {captured.isFull && <span>; this page shows the first {bytesText(mostBytes)}, the file has all</span>}
    </p>
  );
}
