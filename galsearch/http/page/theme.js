/** Light and dark colours: those of the system until the user chooses. */

import { element, fill } from "./element.js";

const KEY = "galsearch-theme";
const CHANGED = "galsearch-theme-changed";
const system = matchMedia("(prefers-color-scheme: dark)");

/** Let a button change between light and dark. */
export function setUpTheme(toggle) {
  const chosen = localStorage.getItem(KEY);
  if (chosen) document.documentElement.dataset.theme = chosen;
  const show = () => {
    const other = isDark() ? "light" : "dark";
    fill(toggle, element("span", { "aria-hidden": "true" }, isDark() ? "☀" : "☾"));
    toggle.setAttribute("aria-label", `Change to ${other} colours`);
    toggle.title = `Change to ${other} colours`;
    document.dispatchEvent(new Event(CHANGED));
  };
  toggle.addEventListener("click", () => {
    const theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    localStorage.setItem(KEY, theme);
    show();
  });
  system.addEventListener("change", show);
  show();
}

/** Call `action` whenever the colours have changed. */
export function onThemeChange(action, signal) {
  document.addEventListener(CHANGED, action, { signal });
}

/** The value of a colour of the style sheet, for a canvas. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** True while the page is dark. */
export function isDark() {
  const theme = document.documentElement.dataset.theme;
  return theme ? theme === "dark" : system.matches;
}
