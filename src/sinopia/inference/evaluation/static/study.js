// What study.html does: one trial after another, answers kept in the browser until they are saved.
//
// The script is the same for every study. What it must know stands in the page: the id of the study
// in `data-study`, one section a trial, and `data-choice` at the buttons.
"use strict";
(() => {
  /** @typedef {{ trial: number, choice: string, milliseconds: number }} Answer */
  /** @typedef {{ voter: string, answers: Answer[] }} State */

  const CHOICES = ["left", "right", "neither"];
  /** @type {Record<string, string>} */
  const KEYS = {
    ArrowLeft: "left", 1: "left",
    ArrowRight: "right", 2: "right",
    ArrowDown: "neither", 3: "neither",
  };
  // Nobody judges two pictures faster: it is the second half of a double click.
  const SHORTEST_MS = 200;
  const LONGEST_MS = 86_400_000; // a day; the page was left open

  const study = document.body.dataset.study;
  const place = `sinopia-study-${study}`;
  const trials = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("section.trial")]);
  const bar = /** @type {HTMLProgressElement} */ (find("bar"));

  let state = restore() ?? begin();
  let hasBegun = state.answers.length > 0;
  let hasStopped = false;
  let shownAt = 0;

  /** The page's element of an id. @param {string} id */
  function find(id) {
    return /** @type {HTMLElement} */ (document.getElementById(id));
  }

  /** @param {string} id */
  function button(id) {
    return /** @type {HTMLButtonElement} */ (find(id));
  }

  /** @returns {State} */
  function begin() {
    const bytes = crypto.getRandomValues(new Uint8Array(8));
    const voter = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return { voter, answers: [] };
  }

  /** @returns {State | null} what this browser keeps of this study, if it is whole */
  function restore() {
    try {
      const kept = /** @type {State} */ (JSON.parse(localStorage.getItem(place) ?? "null"));
      const isWhole =
        /^[0-9a-f]{16}$/.test(kept.voter) &&
        kept.answers.length <= trials.length &&
        kept.answers.every(
          (each, index) =>
            each.trial === index + 1 &&
            CHOICES.includes(each.choice) &&
            Number.isInteger(each.milliseconds),
        );
      return isWhole ? kept : null;
    } catch {
      return null; // nothing was kept, or it is not ours
    }
  }

  function keep() {
    try {
      localStorage.setItem(place, JSON.stringify(state));
    } catch {
      find("forgetful").hidden = false;
    }
  }

  function show() {
    const count = state.answers.length;
    const isOver = hasStopped || count === trials.length;
    const current = hasBegun && !isOver ? trials[count] : null;
    trials.forEach((trial) => { trial.hidden = trial !== current; });
    find("start").hidden = hasBegun;
    find("end").hidden = !hasBegun || !isOver;
    find("status").hidden = find("tools").hidden = !hasBegun;
    find("count").textContent = `${Math.min(count + 1, trials.length)} of ${trials.length}`;
    bar.value = count;
    button("back").disabled = count === 0;
    button("stop").hidden = isOver;
    button("stop").disabled = count === 0;
    button("resume").hidden = count === trials.length;
    find("summary").textContent = `You answered ${count} of ${trials.length}.`;
    if (isOver) find("count").textContent = `${count} of ${trials.length} answered`;
    const section = current ?? (hasBegun ? find("end") : null);
    // Neither picture gets the focus, which would set it off from the other.
    section?.querySelector("h2")?.focus({ preventScroll: true });
    scrollTo(0, 0);
    shownAt = performance.now();
  }

  /** @param {string} choice */
  function answer(choice) {
    const took = Math.round(performance.now() - shownAt);
    const count = state.answers.length;
    if (!hasBegun || hasStopped || count === trials.length || took < SHORTEST_MS) return;
    const milliseconds = Math.min(took, LONGEST_MS);
    state.answers.push({ trial: count + 1, choice, milliseconds });
    change();
  }

  function back() {
    if (hasStopped) hasStopped = false;
    else if (state.answers.length > 0) state.answers.pop();
    else return;
    change();
  }

  function change() {
    button("again").disabled = true; // what is new has not been saved
    keep();
    show();
  }

  function save() {
    const votes = { format_version: 1, study, voter: state.voter, answers: state.answers };
    const text = JSON.stringify(votes, null, 1) + "\n";
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    link.download = `votes-${study}-${state.voter}.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    button("again").disabled = false;
    find("saved").textContent = `Saved as ${link.download}.`;
  }

  find("begin").addEventListener("click", () => { hasBegun = true; show(); });
  find("back").addEventListener("click", back);
  find("stop").addEventListener("click", () => { hasStopped = true; show(); });
  find("resume").addEventListener("click", () => { hasStopped = false; show(); });
  find("save").addEventListener("click", save);
  find("again").addEventListener("click", () => {
    state = begin();
    hasBegun = hasStopped = false;
    find("saved").textContent = "";
    change();
    find("begin").focus();
  });
  for (const each of document.querySelectorAll("button[data-choice]")) {
    each.addEventListener("click", () => answer(each.getAttribute("data-choice") ?? ""));
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || !hasBegun) return;
    const choice = KEYS[event.key];
    if (choice === undefined && event.key !== "Backspace") return;
    event.preventDefault();
    if (event.repeat) return; // a key that is held down answers once
    if (choice === undefined) back();
    else answer(choice);
  });
  find("start").hidden = false;
  show();
})();
