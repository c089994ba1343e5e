/** Small pictures. They only repeat what a text beside them says, so readers aloud skip them. */
const paths = {
  good: 'M3.5 8.5l3 3 6-7',
  bad: 'M4 4l8 8M12 4l-8 8',
  warn: 'M8 2.2 14.3 13.5H1.7zM8 6.5v3.2M8 11.4v.6',
  plain: 'M8 7.2v4.3M8 4.4v.8M1.8 8a6.2 6.2 0 1 0 12.4 0 6.2 6.2 0 1 0-12.4 0',
  drain: 'M8 2v8M4.5 7 8 10.5 11.5 7M3 13.5h10',
  rebuild: 'M13.2 6.2A5.5 5.5 0 0 0 3.3 5M3 2v3.2h3.2M2.8 9.8A5.5 5.5 0 0 0 12.7 11M13 14v-3.2H9.8',
  folder: 'M1.8 4h4.4l1.4 1.6h6.6v7.2H1.8z',
  file: 'M4 1.8h5.2L12 4.6v9.6H4zM9 1.8v3h3',
  download: 'M8 2v7.5M4.8 6.5 8 9.7l3.2-3.2M2.5 13.5h11',
  upload: 'M8 10V2.2M4.8 5.4 8 2.2l3.2 3.2M2.5 13.5h11',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  move: 'M2 8h11M9.5 4.5 13 8l-3.5 3.5',
  remove: 'M2.5 4.2h11M6 4V2.2h4V4M4 4.2l.6 9.6h6.8l.6-9.6',
  close: 'M4 4l8 8M12 4l-8 8',
  auto: 'M8 1.8A6.2 6.2 0 1 0 8 14.2zM8 1.8a6.2 6.2 0 0 1 0 12.4',
  light:
    'M5 8a3 3 0 1 0 6 0 3 3 0 1 0-6 0M8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.2 1.2M11.8 11.8 13 13M3 13l1.2-1.2M11.8 4.2 13 3',
  dark: 'M13.5 9.8A6 6 0 0 1 6.2 2.5a6 6 0 1 0 7.3 7.3z',
} as const;

export type IconName = keyof typeof paths;

export const Icon = ({ name }: { readonly name: IconName }) => (
  <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
    <path d={paths[name]} />
  </svg>
);
