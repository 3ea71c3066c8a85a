/** Light, dark, or as the system says; remembered. */

/** @typedef {"system" | "light" | "dark"} Theme */

const KEY = "sinopia-theme";

/** @type {readonly Theme[]} */
const THEMES = ["system", "light", "dark"];

/** @returns {Theme} */
export function savedTheme() {
  const saved = localStorage.getItem(KEY);
  return THEMES.find((theme) => theme === saved) ?? "system";
}

/** @param {Theme} theme */
export function applyTheme(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  localStorage.setItem(KEY, theme);
}

/** @param {Theme} theme */
export function nextTheme(theme) {
  return THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
}
