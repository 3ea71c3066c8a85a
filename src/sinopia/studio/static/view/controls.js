/** Controls that several parts use: buttons with icons, segmented choices, sliders, popovers. */

import { element } from "./dom.js";
import { icon } from "./icons.js";

/**
 * @typedef {Object} ButtonOptions
 * @property {string} label what it does; shown as a tooltip when there is an icon alone
 * @property {string} [icon]
 * @property {string} [text] shown beside the icon
 * @property {string} [key] the key that does the same, as shown
 * @property {string} [testid]
 * @property {string} [kind] further classes: "primary", "outlined"
 * @property {Record<string, import("./dom.js").Attribute>} [attributes]
 * @property {(event: MouseEvent) => void} [onClick]
 */

/** @param {ButtonOptions} options */
export function button({ label, icon: name, text, key, testid, kind, attributes, onClick }) {
  const made = element(
    "button",
    {
      type: "button",
      class: ["button", kind, text === undefined ? "icon-only" : ""].filter(Boolean).join(" "),
      "aria-label": text === label ? undefined : label,
      "data-tip": text === label && !key ? undefined : label,
      "data-key": key,
      testid,
      ...attributes,
    },
    name ? icon(name) : null,
    text === undefined ? null : element("span", {}, text),
  );
  if (onClick) made.addEventListener("click", onClick);
  return made;
}

/**
 * A row of choices of which one holds: a radio group with arrow keys.
 *
 * @typedef {{ value: string, label: string, icon?: string, text?: string }} Choice
 *
 * @param {Object} options
 * @param {string} options.label
 * @param {string} options.testid
 * @param {readonly Choice[]} options.choices
 * @param {(value: string) => void} options.onChoose
 */
export function segmented({ label, testid, choices, onChoose }) {
  const group = element("div", {
    class: "segmented",
    role: "radiogroup",
    "aria-label": label,
    testid,
  });
  const buttons = choices.map((choice) =>
    button({
      ...choice,
      testid: `${testid}-${choice.value}`,
      attributes: { role: "radio" },
      onClick: () => onChoose(choice.value),
    }),
  );
  group.append(...buttons);
  withArrowKeys(group, "[role=radio]", (target) => target.click());
  return {
    element: group,
    /** @param {string} value */
    show(value) {
      for (const [index, choice] of choices.entries()) {
        const isChosen = choice.value === value;
        buttons[index].setAttribute("aria-checked", String(isChosen));
        buttons[index].tabIndex = isChosen ? 0 : -1;
      }
    },
  };
}

/**
 * Arrow keys, Home and End move the focus among the group's items.
 *
 * @param {HTMLElement} group
 * @param {string} selector
 * @param {(target: HTMLElement) => void} [onArrive]
 */
export function withArrowKeys(group, selector, onArrive) {
  group.addEventListener("keydown", (event) => {
    /** @type {HTMLElement[]} */
    const all = [...group.querySelectorAll(selector)].filter((item) => item instanceof HTMLElement);
    const items = all.filter((item) => item.checkVisibility());
    const at = items.findIndex((item) => item === document.activeElement);
    const last = items.length - 1;
    if (at < 0) return;
    const next = {
      ArrowRight: at + 1,
      ArrowDown: at + 1,
      ArrowLeft: at - 1,
      ArrowUp: at - 1,
      Home: 0,
      End: last,
    }[event.key];
    if (next === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    const target = items[(next + items.length) % items.length];
    target.focus();
    onArrive?.(target);
  });
}

/**
 * @param {Object} options
 * @param {string} options.label
 * @param {number} options.min
 * @param {number} options.max
 * @param {number} [options.step]
 * @param {string} options.testid
 * @param {(value: number) => void} options.onInput
 */
export function slider({ label, min, max, step = 1, testid, onInput }) {
  const input = element("input", { type: "range", min, max, step, "aria-label": label, testid });
  input.addEventListener("input", () => onInput(input.valueAsNumber));
  return input;
}

let popovers = 0;

/**
 * A button that opens a panel below itself. Escape and a click elsewhere close it, as the browser
 * does for every popover.
 *
 * @param {HTMLButtonElement} opener
 * @param {HTMLElement} panel
 */
export function attachPopover(opener, panel) {
  panel.id = `popover-${++popovers}`;
  panel.classList.add("popover");
  panel.setAttribute("popover", "");
  opener.setAttribute("popovertarget", panel.id);
  opener.setAttribute("aria-expanded", "false");
  opener.after(panel);
  panel.addEventListener("toggle", (event) => {
    const isOpen = /** @type {ToggleEvent} */ (event).newState === "open";
    opener.setAttribute("aria-expanded", String(isOpen));
    if (!isOpen) return;
    const { left, bottom } = opener.getBoundingClientRect();
    const rightmost = window.innerWidth - panel.offsetWidth - 8;
    panel.style.left = `${Math.max(8, Math.min(left, rightmost))}px`;
    panel.style.top = `${bottom + 4}px`;
    /** @type {HTMLElement | null} */ (panel.querySelector("button, input, select"))?.focus();
  });
}

/**
 * A popover of commands.
 *
 * @param {Object} options
 * @param {string} options.label
 * @param {string} options.testid
 * @param {readonly ButtonOptions[]} options.items
 */
export function menu({ label, testid, items }) {
  const panel = element("div", { role: "menu", "aria-label": label, testid });
  for (const item of items) {
    const entry = button({ ...item, attributes: { role: "menuitem" } });
    if (item.key) {
      delete entry.dataset.key;
      entry.append(element("span", { class: "key" }, item.key));
    }
    delete entry.dataset.tip;
    entry.addEventListener("click", () => panel.hidePopover());
    panel.append(entry);
  }
  withArrowKeys(panel, "[role=menuitem]");
  return panel;
}
