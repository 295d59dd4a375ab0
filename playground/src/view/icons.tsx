// The icons of buttons: paths on a square of 24.

const PATHS = {
  run: "M8 5.5v13l11-6.5z",
  pause: "M7 5h3.6v14H7zM13.4 5H17v14h-3.6z",
  step: "M6 5.5v13l9-6.5zM16 5.5h2.6v13H16z",
  epoch: "M4 6v12l7-6zM11.5 6v12l7-6zM18.4 6H21v12h-2.6z",
  reset: "M12 4.5a7.5 7.5 0 1 1-7.1 5.1l2 .7A5.4 5.4 0 1 0 12 6.6V10L6.6 5.6 12 1.2z",
  share:
    "M12 2.5 17 7.4l-1.5 1.5-2.4-2.3V15h-2.2V6.6L8.5 8.9 7 7.4zM5 12h3v2.1H7.1v5.3h9.8v-5.3H16V12h3v9.5H5z",
  sun: "M12 7.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM11 2h2v3.4h-2zM11 18.6h2V22h-2zM2 11h3.4v2H2zM18.6 11H22v2h-3.4zM4.2 5.6l1.4-1.4 2.4 2.4L6.6 8zM16 17.4l1.4-1.4 2.4 2.4-1.4 1.4zM4.2 18.4 6.6 16 8 17.4l-2.4 2.4zM16 6.6l2.4-2.4 1.4 1.4L17.4 8z",
  moon: "M20 14.6A8.6 8.6 0 0 1 9.4 4a8.6 8.6 0 1 0 10.6 10.6z",
  close: "M6.4 5 12 10.6 17.6 5 19 6.4 13.4 12l5.6 5.6-1.4 1.4-5.6-5.6L6.4 19 5 17.6l5.6-5.6L5 6.4z",
  plus: "M11 5h2v6h6v2h-6v6h-2v-6H5v-2h6z",
  minus: "M5 11h14v2H5z",
  up: "M12 6.5 18.5 13 17 14.5l-5-5-5 5L5.5 13z",
  more: "M5 10a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM12 10a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM19 10a2 2 0 1 1 0 4 2 2 0 0 1 0-4z",
  download: "M11 4h2v8.2l2.9-2.9 1.5 1.5-5.4 5.3-5.4-5.3 1.5-1.5 2.9 2.9zM5 18h14v2H5z",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
