/** The studio's icons, drawn on 20 x 20 with a stroke of 1.5. Subpaths after "@" are filled. */

const SVG = "http://www.w3.org/2000/svg";

/** @type {Readonly<Record<string, string>>} */
const PATHS = {
  brush:
    "M16.5 3.5 9 11M9 11c2 .4 2.6 2.3 1.5 3.8-1.3 1.8-4 2.2-7 1.7 1.6-1 1.3-2 1.7-3.6C5.6 11.2 7.2 10.6 9 11Z",
  eraser:
    "M11.5 4 16 8.5 9.5 15h-3L3.8 12.3a1 1 0 0 1 0-1.5L10.3 4a.9.9 0 0 1 1.2 0ZM7 7.5l5 5M6.5 15H16",
  fill: "M8.5 3.5 15 10l-5.3 5.3a1.5 1.5 0 0 1-2.1 0L3.7 11.4a1.5 1.5 0 0 1 0-2.1L9 4M4 10.5h10.5@M16.5 12.5c1 1.5 1.5 2.4 1.5 3a1.5 1.5 0 0 1-3 0c0-.6.5-1.5 1.5-3Z",
  line: "M4.5 15.5 15.5 4.5@M3 15.5a1.5 1.5 0 1 0 3 0 1.5 1.5 0 0 0-3 0ZM14 4.5a1.5 1.5 0 1 0 3 0 1.5 1.5 0 0 0-3 0Z",
  polygon:
    "M4 8 11 3.5 16.5 9 13.5 16 5.5 15Z@M2.7 8a1.3 1.3 0 1 0 2.6 0 1.3 1.3 0 0 0-2.6 0ZM9.7 3.5a1.3 1.3 0 1 0 2.6 0 1.3 1.3 0 0 0-2.6 0ZM15.2 9a1.3 1.3 0 1 0 2.6 0 1.3 1.3 0 0 0-2.6 0ZM12.2 16a1.3 1.3 0 1 0 2.6 0 1.3 1.3 0 0 0-2.6 0ZM4.2 15a1.3 1.3 0 1 0 2.6 0 1.3 1.3 0 0 0-2.6 0Z",
  rectangle: "M3.5 5h13v10h-13Z",
  ellipse: "M10 4.5c3.6 0 6.5 2.5 6.5 5.5s-2.9 5.5-6.5 5.5S3.5 13 3.5 10 6.4 4.5 10 4.5Z",
  box: "M5.5 5.5h9v9h-9Z@M3.5 3.5h4v4h-4ZM12.5 3.5h4v4h-4ZM3.5 12.5h4v4h-4ZM12.5 12.5h4v4h-4Z",
  picker:
    "M11 6 14 9M12.5 7.5 6 14l-2.5.5.5-2.5L10.5 5.5M12 4.5l1.2-1.2a1.8 1.8 0 0 1 2.5 0l1 1a1.8 1.8 0 0 1 0 2.5L15.5 8Z",
  undo: "M7.5 4 4 7.5 7.5 11M4 7.5h7.5a4.25 4.25 0 0 1 0 8.5H8",
  redo: "M12.5 4 16 7.5 12.5 11M16 7.5H8.5a4.25 4.25 0 0 0 0 8.5H12",
  dice: "M5.5 3.5h9a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-9a2 2 0 0 1-2-2v-9a2 2 0 0 1 2-2Z@M6 7.2a1.2 1.2 0 1 0 2.4 0 1.2 1.2 0 0 0-2.4 0ZM8.8 10a1.2 1.2 0 1 0 2.4 0 1.2 1.2 0 0 0-2.4 0ZM11.6 12.8a1.2 1.2 0 1 0 2.4 0 1.2 1.2 0 0 0-2.4 0Z",
  lock: "M5.5 9h9v7h-9ZM7 9V6.5a3 3 0 0 1 6 0V9",
  unlock: "M5.5 9h9v7h-9ZM7 9V6a3 3 0 0 1 5.7-1.3",
  star: "M10 3.5 12 7.7l4.5.6-3.3 3.2.8 4.5-4-2.2-4 2.2.8-4.5L3.5 8.3 8 7.7Z",
  clock: "M10 3.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13ZM10 6.5V10l2.5 1.5",
  list: "M4 5.5h12M4 10h12M4 14.5h12",
  layers: "M10 3.5 17 7.5 10 11.5 3 7.5ZM3.5 11 10 14.7 16.5 11M3.5 14 10 17.5 16.5 14",
  download: "M10 3.5V12M6.5 8.8 10 12.2 13.5 8.8M4 16h12",
  open: "M3 15.5V5h5l1.5 2H16v2M3 15.5 5.2 9h12.3L15.3 15.5Z",
  add: "M10 4.5v11M4.5 10h11",
  close: "M5.5 5.5l9 9M14.5 5.5l-9 9",
  plus: "M10 5v10M5 10h10",
  minus: "M5 10h10",
  fit: "M3.5 7V3.5H7M13 3.5h3.5V7M16.5 13v3.5H13M7 16.5H3.5V13",
  link: "M8.5 11.5a3 3 0 0 0 4.3 0l2.6-2.6a3 3 0 0 0-4.3-4.3L10 5.7M11.5 8.5a3 3 0 0 0-4.3 0l-2.6 2.6a3 3 0 0 0 4.3 4.3L10 14.3",
  compare: "M3.5 4.5h13v11h-13ZM10 2.5v15@M3.5 4.5H10v11H3.5Z",
  keep: "M6 3.5h8v13l-4-3-4 3Z",
  panels: "M3.5 4.5h13v11h-13ZM3.5 11.5h13",
  light:
    "M10 6.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7ZM10 2.5v1M10 16.5v1M2.5 10h1M16.5 10h1M4.7 4.7l.7.7M14.6 14.6l.7.7M4.7 15.3l.7-.7M14.6 5.4l.7-.7",
  dark: "M16 11.5A6.5 6.5 0 0 1 8.5 4a6.5 6.5 0 1 0 7.5 7.5Z",
  system: "M3.5 4.5h13v9h-13ZM7.5 16.5h5M10 13.5v3",
  help: "M10 3.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13ZM8.2 8.2a1.9 1.9 0 1 1 2.7 1.7c-.6.3-.9.7-.9 1.3@M9.2 13.5a.8.8 0 1 0 1.6 0 .8.8 0 0 0-1.6 0Z",
  chevron: "M6.5 8.5 10 12l3.5-3.5",
  photo:
    "M3.5 4.5h13v11h-13ZM4 13.5l3.5-3.5 3 3 2-2 3.5 3@M11.7 7.7a1.2 1.2 0 1 0 2.4 0 1.2 1.2 0 0 0-2.4 0Z",
  save: "M5.5 3.5H13l3.5 3.5v9.5h-13v-13ZM6.5 16.5v-5h7v5M7 3.5V7h5V3.5",
  scenes: "M3.5 4.5h13v11h-13ZM3.5 13c2.5-3.5 4.5-3.5 6.5-1s4 1.5 6.5-2",
  round: "M10 5a5 5 0 1 1 0 10 5 5 0 0 1 0-10Z",
  square: "M5.5 5.5h9v9h-9Z",
  pen: "M4 16l1-4 8.5-8.5 3 3L8 15ZM12 5l3 3",
  eye: "M2.5 10C4.5 6.5 7 5 10 5s5.5 1.5 7.5 5c-2 3.5-4.5 5-7.5 5s-5.5-1.5-7.5-5ZM10 7.8a2.2 2.2 0 1 1 0 4.4 2.2 2.2 0 0 1 0-4.4Z",
  trash: "M4 6h12M8 6V4h4v2M5.5 6l.7 10.5h7.6L14.5 6",
  seek: "M8.8 3.8a5 5 0 1 1 0 10 5 5 0 0 1 0-10ZM12.5 12.5l4 4",
};

/**
 * An icon by name, hidden from screen readers: the control around it has the words.
 *
 * @param {string} name
 */
export function icon(name) {
  const paths = PATHS[name];
  if (paths === undefined) throw new Error(`there is no icon ${name}`);
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  for (const [index, d] of paths.split("@").entries()) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    if (index > 0) path.setAttribute("class", "solid");
    svg.append(path);
  }
  return svg;
}
