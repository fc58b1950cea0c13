/** Shapes of one stroke on a field of 16, named by what they mean. */
const shapes = {
  ok: "M3 8.5l3.2 3.2L13 4.8",
  warn: "M8 2.2l6.2 11.3H1.8zM8 6.5v3.2M8 11.6v.2",
  bad: "M4 4l8 8M12 4l-8 8",
  busy: "M8 2.5a5.5 5.5 0 1 1-5.5 5.5M8 5v3.2l2 1.3",
  waiting: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M5.5 8h5",
  stopped: "M4.5 4.5h7v7h-7z",
  overview: "M2.5 2.5h4.5v5H2.5zM9 2.5h4.5v3H9zM9 7.5h4.5v6H9zM2.5 9.5H7v4H2.5z",
  workers: "M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.1M5 11h.1",
  units: "M3 2.5h10v11H3zM5.5 6l1.5 1.5L5.5 9M8.5 9.5h2.5",
  account: "M8 8a2.8 2.8 0 1 0 0-5.6A2.8 2.8 0 0 0 8 8M2.8 13.5c.6-2.6 2.7-3.8 5.2-3.8s4.6 1.2 5.2 3.8",
  people:
    "M6 7.5a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6M1.8 13c.5-2.4 2.1-3.6 4.2-3.6s3.7 1.2 4.2 3.6M11 3.2a2.3 2.3 0 0 1 0 4M12 9.6c1.2.5 2 1.6 2.3 3.4",
  audit: "M4 2.5h8v11H4zM6 5.5h4M6 8h4M6 10.5h2",
  configuration: "M2.5 4.5h6M11.5 4.5h2M10 3v3M2.5 11.5h2M7.5 11.5h6M6 10v3",
  edit: "M3 13l.8-3.2L11 2.6l2.4 2.4-7.2 7.2z",
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  more: "M3.5 8h.1M8 8h.1M12.5 8h.1",
  run: "M5 3l7.5 5L5 13z",
  up: "M8 13V3.5M4 7l4-4 4 4",
  down: "M8 3v9.5M4 9l4 4 4-4",
  theme: "M8 2.5v11a5.5 5.5 0 0 0 0-11M8 2.5a5.5 5.5 0 0 0 0 11",
  capture: "M1.5 8h3l2-5 3 10 2-5h3",
  path: "M3 5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3M13 14a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3M3 5v4h10v2",
  scan: "M7 12a5 5 0 1 0 0-10 5 5 0 0 0 0 10M10.6 10.6L14 14",
  probe:
    "M8 8.6a.6.6 0 1 0 0-1.2.6.6 0 0 0 0 1.2M5.2 10.8a4 4 0 0 1 0-5.6M10.8 5.2a4 4 0 0 1 0 5.6M3 13a7 7 0 0 1 0-10M13 3a7 7 0 0 1 0 10",
  recording: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M8 6a2 2 0 1 0 0 4 2 2 0 0 0 0-4",
  shell: "M2.5 3.5h11v9h-11zM5 6.5l1.8 1.5L5 9.5M8.5 10h2.5",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  add: "M8 3v10M3 8h10",
  mesh: "M8 6.2A1.7 1.7 0 1 0 8 2.8a1.7 1.7 0 0 0 0 3.4M3.5 13.2a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4M12.5 13.2a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4M7 6l-2.6 4M9 6l2.6 4M5.2 11.5h5.6",
  download: "M8 2.5v7.5M4.8 7L8 10.2 11.2 7M3 13.5h10",
} as const;

/** Name of an icon. */
export type IconName = keyof typeof shapes;

/** An icon beside words: it says nothing by itself to those who do not see it. */
export function Icon({ name, className = "" }: { readonly name: IconName; readonly className?: string }) {
  return (
    <svg
      viewBox="0 0 16 16"
      width="16"
      height="16"
      aria-hidden="true"
      className={`shrink-0 ${className}`}
      fill="none"
      stroke="currentColor"
      strokeWidth={name === "more" ? 2.4 : 1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={shapes[name]} />
    </svg>
  );
}
