/** One line of facts: connection, speed, device, size, and what is under the pointer. */

/** @import { ConnectionState } from "../api/types.js" */
/** @import { Studio } from "./types.js" */

import { byId, cssColor, element } from "./dom.js";
import { className, colorsOf, follow } from "./state.js";

/** @type {Readonly<Record<ConnectionState, string>>} */
const STATES = { connecting: "Connecting", live: "Live", lost: "Lost, reconnecting" };

/** @param {Studio} studio */
export function createStatusBar({ document, store }) {
  const bar = byId("statusbar");

  const words = element("span");
  const connection = element(
    "span",
    { role: "status", testid: "connection" },
    element("span", { class: "lamp" }),
    words,
  );
  follow(
    store,
    (state) => state.connection,
    (state) => {
      connection.dataset.state = state;
      words.textContent = STATES[state];
    },
  );

  const time = element("span", {
    "data-tip": "From the pen to the picture on the screen, and how much of it the server worked",
    testid: "frame-time",
  });
  const machine = element("span", { class: "wide-only", testid: "machine" });
  follow(
    store,
    ({ frame }) => frame,
    (frame) => {
      time.hidden = machine.hidden = frame === null;
      if (frame === null) return;
      const { milliseconds, device, precision } = frame.header;
      const server = Math.round(milliseconds.painted + milliseconds.encoded);
      time.textContent = `${Math.round(frame.roundTrip)} ms (server ${server} ms)`;
      machine.textContent = `${device}, ${precision}`;
    },
  );

  const size = element("span", { testid: "map-size" });
  const showSize = () => {
    size.textContent = `${document.width} \u00d7 ${document.height}`;
  };
  document.onChange(showSize);
  showSize();

  const zoom = element("span", { testid: "zoom" });
  follow(
    store,
    ({ viewport }) => viewport.scale,
    (scale) => {
      zoom.textContent = `${Math.round(100 * scale)} %`;
    },
  );

  const announcement = element("span", {
    class: "announcement",
    role: "status",
    "aria-live": "polite",
    testid: "announcement",
  });
  follow(
    store,
    (state) => state.announcement,
    (text) => {
      announcement.textContent = text;
    },
  );

  const swatch = element("span", { class: "swatch small" });
  const name = element("span");
  const pointed = element(
    "span",
    { class: "pointer-class", testid: "pointer-class" },
    swatch,
    name,
  );
  follow(
    store,
    (state) => state.pointed,
    (classId) => {
      const { model } = store.get();
      swatch.hidden = classId === null;
      name.textContent = classId === null ? "" : className(model, classId);
      if (classId !== null)
        swatch.style.backgroundColor = cssColor(colorsOf(model)[classId] ?? [0, 0, 0]);
    },
  );
  bar.append(connection, time, machine, size, zoom, announcement, pointed);
}
