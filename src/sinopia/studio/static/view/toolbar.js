/** The tools, undo and redo. */

/** @import { Studio } from "./types.js" */

import { button, withArrowKeys } from "./controls.js";
import { byId, element } from "./dom.js";
import { follow } from "./state.js";

const HISTORY_BUTTONS = /** @type {const} */ ([
  { id: "undo", label: "Undo", key: "Ctrl Z" },
  { id: "redo", label: "Redo", key: "Ctrl Shift Z" },
]);

/** @param {Studio} studio */
export function createToolbar(studio) {
  const { document, store, toolbox, commands } = studio;
  const bar = byId("toolbar");
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-orientation", "vertical");
  bar.setAttribute("aria-label", "Tools");

  const buttons = toolbox.tools.map(({ id, title, shortcut }) => {
    commands.set(`tool.${id}`, () => store.set({ tool: id }));
    return button({
      label: title,
      icon: id,
      key: shortcut,
      testid: `tool-${id}`,
      onClick: () => store.set({ tool: id }),
    });
  });
  bar.append(...buttons, element("div", { class: "rule" }));

  for (const { id, label, key } of HISTORY_BUTTONS) {
    const onClick = () => commands.get(`edit.${id}`)?.();
    bar.append(button({ label, icon: id, key, testid: id, onClick }));
  }
  withArrowKeys(bar, "button:not(:disabled)");

  commands.set("edit.undo", () => {
    if (!toolbox.key("Undo")) document.undo();
    studio.redrawStage();
  });
  commands.set("edit.redo", () => {
    document.redo();
  });

  follow(
    store,
    ({ tool }) => tool,
    (tool) => {
      toolbox.choose(tool);
      for (const [index, { id }] of toolbox.tools.entries()) {
        buttons[index].setAttribute("aria-pressed", String(id === tool));
        buttons[index].tabIndex = id === tool ? 0 : -1;
      }
    },
  );

  const showHistory = () => {
    const { canUndo, canRedo, undoLabel, redoLabel } = document;
    showStep(bar, "undo", "Undo", canUndo, undoLabel);
    showStep(bar, "redo", "Redo", canRedo, redoLabel);
  };
  document.onChange(showHistory);
  showHistory();
}

/**
 * @param {HTMLElement} bar
 * @param {string} id
 * @param {string} verb
 * @param {boolean} isPossible
 * @param {string | null} step
 */
function showStep(bar, id, verb, isPossible, step) {
  const found = bar.querySelector(`[data-testid=${id}]`);
  if (!(found instanceof HTMLButtonElement)) return;
  found.disabled = !isPossible;
  const label = step === null ? verb : `${verb} ${step.toLowerCase()}`;
  if (found.dataset.tip === label) return;
  found.dataset.tip = label;
  found.setAttribute("aria-label", label);
}
