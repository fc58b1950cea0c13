import { useMemo, useState } from "react";
import { decodePacket, type Field, type PcapPacket } from "#tools/wire";
import { HexView } from "./hex-view.tsx";

/** Which bytes are marked. */
export interface Marked {
  readonly at: number;
  readonly length: number;
}

/** One packet: its layers with their fields, and its bytes; a field that is chosen is marked there. */
export function PacketView({ packet, number }: { readonly packet: PcapPacket; readonly number: number }) {
  const { layers, truncated } = useMemo(() => decodePacket(packet.bytes, packet), [packet]);
  const [marked, setMarked] = useState<Marked>();
  return (
    <div className="grid gap-3 lg:grid-cols-2">
      <section
        aria-label={`Layers of packet ${number + 1}`}
        className="sheet mono max-h-96 overflow-auto p-3"
        tabIndex={0}
      >
        {truncated && <p className="text-warn">Bytes are missing that the packet speaks of.</p>}
        {layers.map((layer) => (
          <details key={`${layer.protocol} ${layer.at}`} open>
            <summary className="cursor-pointer break-words font-medium" onClick={() => setMarked(layer)}>
              {layer.title}
            </summary>
            <Fields fields={layer.fields} marked={marked} mark={setMarked} />
          </details>
        ))}
      </section>
      <HexView bytes={packet.bytes} marked={marked} number={number} />
    </div>
  );
}

interface FieldsProps {
  readonly fields: readonly Field[];
  readonly marked: Marked | undefined;
  readonly mark: (field: Field) => void;
}

function Fields({ fields, marked, mark }: FieldsProps) {
  return (
    <ul className="pl-5">
      {fields.map((field) => (
        <li key={`${field.name} ${field.at} ${field.length} ${field.text}`}>
          <button
            type="button"
            aria-pressed={field === marked}
            className={`w-full cursor-pointer rounded px-1 text-left break-words ${field === marked ? "bg-accent-wash text-accent" : "hover:bg-sunk"}`}
            onClick={() => mark(field)}
          >
            {field.name}: {field.text}
          </button>
          {field.fields && <Fields fields={field.fields} marked={marked} mark={mark} />}
        </li>
      ))}
    </ul>
  );
}
