/** A few lines that make elements. Text always becomes text nodes, never markup. */

/**
 * @typedef {string | number | boolean | null | undefined
 *   | Record<string, (event: any) => void>} Attribute
 */

/**
 * Makes an element. `class` and the like are attributes; true sets an empty attribute, false, null
 * and undefined leave it out; `testid` becomes data-testid; `on` holds event listeners.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, Attribute>} [attributes]
 * @param {...(Node | string | null)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on" && typeof value === "object" && value !== null) {
      for (const [type, listener] of Object.entries(value)) made.addEventListener(type, listener);
    } else {
      setAttribute(made, name === "testid" ? "data-testid" : name, value);
    }
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/**
 * @param {Element} target
 * @param {string} name
 * @param {Attribute} value
 */
export function setAttribute(target, name, value) {
  if (value === false || value === null || value === undefined) target.removeAttribute(name);
  else target.setAttribute(name, value === true ? "" : String(value));
}

/**
 * The element of index.html with this id.
 *
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`index.html has no element #${id}`);
  return found;
}

/**
 * The canvas's 2D context.
 *
 * @param {HTMLCanvasElement} canvas
 */
export function context2d(canvas) {
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("this browser gives no 2D canvas");
  return context;
}

/** @param {Event} event whether its target takes typed text */
export function isTyping(event) {
  const target = event.target;
  if (target instanceof HTMLInputElement) {
    return ["text", "search", "number"].includes(target.type);
  }
  return target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;
}

/** @param {readonly [number, number, number]} color */
export function cssColor([r, g, b]) {
  return `rgb(${r} ${g} ${b})`;
}

/**
 * Calls back once at the next animation frame, however often it is asked before.
 *
 * @param {() => void} draw
 * @returns {() => void}
 */
export function oncePerFrame(draw) {
  let isAsked = false;
  return () => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(() => {
      isAsked = false;
      draw();
    });
  };
}

/**
 * Calls back when nothing was asked for so long.
 *
 * @param {() => void} act
 * @param {number} milliseconds
 * @returns {(() => void) & { cancel(): void }}
 */
export function whenQuiet(act, milliseconds) {
  /** @type {number | undefined} */
  let timer;
  const ask = () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(act, milliseconds);
  };
  return Object.assign(ask, { cancel: () => window.clearTimeout(timer) });
}
