/** Scenes to start from. */

/** @import { Example } from "../../api/types.js" */

import { examplePreviewUrl, fetchExamples } from "../../api/http.js";
import { element } from "../dom.js";
import { openDialog } from "./dialog.js";

/**
 * @param {Object} options
 * @param {string} options.title
 * @param {string} options.words
 * @param {string} options.vocabulary only scenes of these classes are shown
 * @param {(example: Example) => void} options.onChoose
 * @param {() => void} options.onBlank
 */
export async function openExamples({ title, words, vocabulary, onChoose, onBlank }) {
  const examples = (await fetchExamples()).filter((each) => each.vocabulary === vocabulary);
  const cards = element("div", { class: "cards" });
  const dialog = openDialog({
    title,
    testid: "examples-dialog",
    body: [element("p", {}, words), cards],
  });
  for (const example of examples) {
    const image = element("img", { src: examplePreviewUrl(example.id), alt: "", loading: "lazy" });
    const size = `${example.width} \u00d7 ${example.height}`;
    cards.append(
      card(image, example.title, size, `example-${example.id}`, () => {
        dialog.close();
        onChoose(example);
      }),
    );
  }
  const blank = element("span", { class: "blank", "aria-hidden": "true" }, "An empty map");
  cards.append(
    card(blank, "Begin empty", "Any size", "example-blank", () => {
      dialog.close();
      onBlank();
    }),
  );
  /** @type {HTMLElement | null} */ (cards.querySelector(".card"))?.focus();
}

/**
 * @param {HTMLElement} image
 * @param {string} title
 * @param {string} words
 * @param {string} testid
 * @param {() => void} onClick
 */
function card(image, title, words, testid, onClick) {
  const made = element(
    "button",
    { type: "button", class: "card", testid },
    image,
    element(
      "span",
      { class: "words" },
      element("div", {}, title),
      element("div", { class: "muted" }, words),
    ),
  );
  made.addEventListener("click", onClick);
  return made;
}
