import { useMemo, useState } from "react";
import type { MeshMap } from "#server/wire";
import { readMesh } from "../../api/mesh.ts";
import { AsOf } from "../../live/as-of.tsx";
import { useLive } from "../../live/live.tsx";
import { useToldQuery } from "../../live/told-query.ts";
import { Empty, Loading } from "../../parts/empty.tsx";
import { Heading } from "../../parts/heading.tsx";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { countText } from "../../parts/quantities.ts";
import { AboutNode } from "./about-node.tsx";
import { layoutOf } from "./layout.ts";
import { LinkTable } from "./link-table.tsx";
import { MeshDrawing } from "./mesh-drawing.tsx";
import { edgesOf } from "./mesh-graph.ts";
import { NodeTable } from "./node-table.tsx";
import { seenNodes } from "./seen-node.ts";

/** Who is linked with whom, as the server's node knows it. */
export function MeshPage() {
  const { data, error, refetch } = useToldQuery({ key: ["mesh"], channel: "mesh", read: readMesh });
  return (
    <>
      <Heading title="Mesh">{data && <Summary map={data} />}</Heading>
      {error && <ProblemNote error={error} retry={() => void refetch()} />}
      {!data && !error && <Loading what="the mesh" />}
      {data && (data.nodes.length > 1 ? <Map map={data} /> : <Alone map={data} />)}
    </>
  );
}

function Summary({ map }: { readonly map: MeshMap }) {
  return (
    <>
      <p className="text-soft">
        {countText(map.nodes.length, "node")}, {countText(edgesOf(map).length, "link")}
        {map.hidden > 0 && `, ${map.hidden} that you may not see`}
      </p>
      <AsOf />
    </>
  );
}

function Map({ map }: { readonly map: MeshMap }) {
  const [chosen, setChosen] = useState<string>();
  const { workers, beats } = useLive();
  const edges = useMemo(() => edgesOf(map), [map]);
  const layout = useMemo(() => layoutOf(map, edges), [map, edges]);
  const nodes = useMemo(() => seenNodes(map, edges, workers, beats), [map, edges, workers, beats]);
  const about = nodes.find(({ node }) => node === chosen);
  return (
    <div className="grid grid-cols-1 items-start gap-4 xl:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <MeshDrawing nodes={nodes} edges={edges} layout={layout} chosen={chosen} choose={setChosen} />
      <div className="flex min-w-0 flex-col gap-4">
        <AboutNode about={about} edges={edges} />
        <NodeTable nodes={nodes} choose={setChosen} />
        <LinkTable edges={edges} />
      </div>
    </div>
  );
}

function Alone({ map }: { readonly map: MeshMap }) {
  return (
    <div className="sheet">
      <Empty title="Nothing is linked with this server.">
        <p>
          {map.hidden > 0
            ? "Its nodes are workers that you may not see. An admin can give you more."
            : "A worker shows up here as soon as it has joined and its road is open."}
        </p>
      </Empty>
    </div>
  );
}
