/** Icons of 20 by 20, drawn by lines. */
const PATHS = {
  add: 'M10 4v12M4 10h12',
  archive: 'M3.5 4.5h13v3.5h-13zM4.5 8v7.5h11V8M8 11h4',
  calendar: 'M4 5.5h12v11H4zM4 8.5h12M7 3.5v3M13 3.5v3',
  chevron: 'M7.5 5l5 5-5 5',
  close: 'M5 5l10 10M15 5L5 15',
  cloud: 'M6 15h8a3 3 0 0 0 .4-6A4.5 4.5 0 0 0 6 8.2 3.4 3.4 0 0 0 6 15z',
  device: 'M3.5 4.5h13v9h-13zM7.5 16.5h5M10 13.5v3',
  done: 'M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14M7 10.2l2.2 2.2L13.2 8',
  down: 'M10 4v12M5 11l5 5 5-5',
  edit: 'M4 16l1-4 8-8 3 3-8 8zM11.5 5.5l3 3',
  filter: 'M3.5 5h13M6 10h8M8.5 15h3',
  flag: 'M5 17V3.5h9.5l-2 3.5 2 3.5H5',
  grip: 'M7.5 5h.01M12.5 5h.01M7.5 10h.01M12.5 10h.01M7.5 15h.01M12.5 15h.01',
  history: 'M4 10a6 6 0 1 0 2-4.5L4 7.3M4 3.8v3.5h3.5M10 7v3.2l2 1.6',
  inbox: 'M3.5 11l2-6.5h9l2 6.5v4.5h-13zM3.5 11H7l1 2h4l1-2h3.5',
  indent: 'M4 5h12M9 10h7M9 15h7M3.5 8l2.5 2-2.5 2',
  keyboard: 'M2.5 5.5h15v9h-15zM5.5 8.5h.01M8.5 8.5h.01M11.5 8.5h.01M14.5 8.5h.01M7 11.5h6',
  leave: 'M12 4H4.5v12H12M8.5 10H17M14 7l3 3-3 3',
  list: 'M7.5 5.5h9M7.5 10h9M7.5 14.5h9M3.5 5.5h.01M3.5 10h.01M3.5 14.5h.01',
  menu: 'M3 6h14M3 10h14M3 14h14',
  more: 'M5 10h.01M10 10h.01M15 10h.01',
  note: 'M4 5h12M4 9h12M4 13h7',
  offline: 'M6 15h8a3 3 0 0 0 .4-6A4.5 4.5 0 0 0 8 6M5.6 8.2A3.4 3.4 0 0 0 6 15M3.5 3.5l13 13',
  outdent: 'M4 5h12M9 10h7M9 15h7M6 8l-2.5 2L6 12',
  parts: 'M5 4v9.5h4M5 7h4M11.5 7h5M11.5 13.5h5',
  person: 'M10 10a3.2 3.2 0 1 0 0-6.4A3.2 3.2 0 0 0 10 10M4 17a6 6 0 0 1 12 0',
  repeat: 'M4 9V8a2.5 2.5 0 0 1 2.5-2.5H16M13.5 3L16 5.5 13.5 8M16 11v1a2.5 2.5 0 0 1-2.5 2.5H4M6.5 17L4 14.5 6.5 12',
  search: 'M9 3.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11M13 13l3.5 3.5',
  tag: 'M3.5 4v5.2l7.3 7.3 5.7-5.7L9.2 3.5H4zM6.8 6.8h.01',
  today: 'M4 5.5h12v11H4zM4 8.5h12M7 3.5v3M13 3.5v3M10 12.5h.01',
  trash: 'M4 6h12M8 6V4h4v2M5.5 6l.7 10.5h7.6L14.5 6M8.5 9v5M11.5 9v5',
  up: 'M10 16V4M5 9l5-5 5 5',
  warning: 'M10 3.5l7 12.5H3zM10 8v3.5M10 13.8h.01',
  zone: 'M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14M3.5 10h13M10 3c3.5 4 3.5 10 0 14M10 3c-3.5 4-3.5 10 0 14',
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name, className = 'size-4.5' }: { name: IconName; className?: string }) {
  return (
    <svg
      viewBox="0 0 20 20"
      aria-hidden="true"
      className={`shrink-0 ${className}`}
      fill="none"
      stroke="currentColor"
      strokeWidth={['grip', 'more'].includes(name) ? 2.4 : 1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  )
}
