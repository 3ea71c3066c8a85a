/** Between two styles: a slider from one to the other, along the arc between their codes. */

/**
 * @import { Studio } from "./types.js"
 */

import { styleOfSeed } from "../api/http.js";
import { decodeStyleCode, encodeStyleCode, mixStyleCodes } from "../core/style_code.js";
import { slider } from "./controls.js";
import { element } from "./dom.js";
import { namedStylesOf } from "./state.js";
import { showToast } from "./toasts.js";

/** @param {Studio} studio */
export function createMixer({ store }) {
  /** @type {Map<string, Promise<Float32Array>>} by style id */
  const codes = new Map();
  const from = createSelect("Mix from", "mix-from");
  const to = createSelect("Mix to", "mix-to");
  const share = slider({
    label: "Share of the second style",
    min: 0,
    max: 100,
    testid: "mix",
    onInput: () => void mix(),
  });
  const row = element(
    "div",
    { class: "mix", role: "group", "aria-label": "Mix two styles" },
    from,
    share,
    to,
  );

  /** @param {string} id */
  function codeOf(id) {
    const style = namedStylesOf(store.get()).find((each) => each.id === id);
    if (style === undefined) throw new Error(`there is no style ${id}`);
    const known = codes.get(id);
    if (known) return known;
    const { look } = style;
    const code =
      "seed" in look
        ? styleOfSeed(store.get().model.name, look.seed).then(decodeStyleCode)
        : Promise.resolve(decodeStyleCode(look.style_code));
    codes.set(id, code);
    code.catch(() => codes.delete(id));
    return code;
  }

  async function mix() {
    try {
      const [a, b] = await Promise.all([codeOf(from.value), codeOf(to.value)]);
      const mixed = mixStyleCodes(a, b, share.valueAsNumber / 100);
      store.set({ look: { style_code: encodeStyleCode(mixed) } });
    } catch (error) {
      showToast(String(error instanceof Error ? error.message : error), { kind: "problem" });
    }
  }

  from.addEventListener("change", () => void mix());
  to.addEventListener("change", () => void mix());
  const show = () => {
    const styles = namedStylesOf(store.get());
    row.hidden = styles.length < 2;
    fillSelect(from, styles, 0);
    fillSelect(to, styles, 1);
  };
  store.subscribe(({ styles }) => styles, show);
  store.subscribe(({ model }) => model, show);
  show();
  return row;
}

/** @param {string} label @param {string} testid */
function createSelect(label, testid) {
  return element("select", { class: "field", "aria-label": label, testid });
}

/**
 * @param {HTMLSelectElement} select
 * @param {readonly { id: string, name: string }[]} styles
 * @param {number} fallback
 */
function fillSelect(select, styles, fallback) {
  const chosen = select.value;
  select.replaceChildren(...styles.map(({ id, name }) => element("option", { value: id }, name)));
  const isThere = styles.some(({ id }) => id === chosen);
  select.value = isThere ? chosen : (styles[fallback]?.id ?? "");
}
