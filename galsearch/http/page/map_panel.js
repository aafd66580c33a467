/** The place of the map on the page: it loads nothing until it is opened. */

import { button, element, fill } from "./element.js";
import { showError } from "./messages.js";
import { count } from "./number_text.js";

const PLURALS = { image: "images", spectrum: "spectra" };
const COLOURED_BY = ["number", "integer", "text", "boolean"];

/**
 * The map in the section `parent`, which the button `toggle` opens.
 *
 * `actions` has `search(targetId)` and `select(lasso)`, which filters with a part of the map.
 */
export class MapPanel {
  constructor(parent, toggle, actions) {
    Object.assign(this, { parent, toggle, actions, view: null, answer: null, lasso: null, shown: null });
    this.column = "z";
    toggle.addEventListener("click", () => (this.parent.hidden ? this.open() : this.close()));
  }

  /** Offer the maps of an index. */
  setIndex(index, limits) {
    if (this.view) this.close();
    Object.assign(this, { index, limits, using: index.maps?.[0] });
    this.toggle.hidden = !index.map;
  }

  showAnswer(answer) {
    this.answer = answer;
    this.view?.showAnswer(answer);
  }

  /** The TARGETIDs among which a search with a lasso searches; null where it has none. */
  async idsOf({ lasso, file }) {
    this.lasso = lasso ?? null;
    if (!lasso) {
      this.view?.showLasso(null);
      this.showSelection(null);
      return null;
    }
    if (file) throw told("Your own file is searched among all galaxies, not among encircled ones.", "Clear the lasso, or search from a stored galaxy.");
    if (!this.index.maps?.includes(lasso.split(":")[0])) throw told(`The index ${this.index.name} has no ${lasso.split(":")[0]} map, on which the lasso was drawn.`, "Clear the lasso.");
    await this.open(lasso.split(":")[0]);
    if (!this.view?.galaxies) throw told("The map could not be opened, and so the lasso not be used.", "Clear the lasso.");
    const ids = this.view.idsOf(lasso);
    this.view.showLasso(lasso);
    this.showSelection(ids.length);
    const most = this.limits.ids;
    if (ids.length > most) throw told(`The lasso encircles ${count(ids.length)} galaxies; the service searches among at most ${count(most)}.`, "Draw a smaller one.");
    if (!ids.length) throw told("The lasso encircles no galaxy.", "Draw another one.");
    return ids;
  }

  /** Open the map of a modality, by default the one that was shown. */
  async open(using = this.using) {
    this.parent.hidden = false;
    this.toggle.setAttribute("aria-expanded", "true");
    try {
      if (!this.view) {
        this.loading ??= this.makeView().finally(() => (this.loading = null));
        await this.loading;
      }
      await this.load(using, this.column);
    } catch (error) {
      showError(error, () => this.open(using));
    }
  }

  async makeView() {
    const [{ MapView }] = await Promise.all([import("./map_view.js"), styled()]);
    const body = element("div", { class: "map-body" });
    fill(this.parent, this.bar(), body);
    this.view = new MapView(body, this.index, { ...this.actions, modeChanged: (mode) => this.showMode(mode) });
  }

  async load(using, column) {
    if (this.shown === `${using} ${column}`) return;
    this.parent.setAttribute("aria-busy", "true");
    try {
      await this.view.load(using, column);
      Object.assign(this, { using, column, shown: `${using} ${column}` });
      this.parent.querySelector("h2").textContent = `Map of ${PLURALS[using]}`;
      for (const [id, value] of [["map-using", using], ["map-column", column]]) {
        const select = this.parent.querySelector(`#${id}`);
        if (select) select.value = value;
      }
      this.view.showAnswer(this.answer);
      this.view.showLasso(this.lasso?.startsWith(`${using}:`) ? this.lasso : null);
    } finally {
      this.parent.removeAttribute("aria-busy");
    }
  }

  close() {
    this.view?.remove();
    Object.assign(this, { view: null, shown: null });
    this.parent.hidden = true;
    fill(this.parent);
    this.toggle.setAttribute("aria-expanded", "false");
  }

  bar() {
    const { columns, maps } = this.index;
    const names = columns.filter(({ type, name }) => COLOURED_BY.includes(type) && name !== "target_id").map(({ name }) => name);
    this.modes = ["move", "lasso"].map((mode) =>
      button(mode === "move" ? "Move" : "Lasso", () => this.view.setMode(mode), { "aria-pressed": String(mode === "move"), data: { mode } }),
    );
    this.selection = element("p", { class: "map-selection", role: "status" });
    return element(
      "div",
      { class: "map-bar" },
      element("h2", {}, "Map"),
      maps.length > 1 && choice("map-using", "Map of", maps.map((name) => [name, PLURALS[name]]), (value) => this.open(value)),
      choice("map-column", "Colours", names.map((name) => [name, name]), (value) => {
        this.column = value;
        this.open();
      }),
      element("div", { class: "segments", role: "group", "aria-label": "Dragging on the map" }, this.modes),
      button("Whole map", () => {
        this.view.camera.showWhole();
        this.view.changed();
      }),
      button("Search in view", () => this.view.selectView()),
      this.selection,
      element("span", { class: "spring" }),
      button("×", () => {
        this.close();
        this.toggle.focus();
      }, { class: "close", "aria-label": "Close the map" }),
    );
  }

  showMode(mode) {
    for (const control of this.modes) control.setAttribute("aria-pressed", String(control.dataset.mode === mode));
  }

  showSelection(n) {
    if (!this.selection) return;
    fill(this.selection, n !== null && [`among ${count(n)} encircled galaxies `, button("Clear the lasso", () => this.actions.select(null))]);
  }
}

function choice(id, label, options, change) {
  const select = element("select", { id }, options.map(([value, text]) => element("option", { value }, text)));
  select.addEventListener("change", () => change(select.value));
  return element("label", {}, `${label} `, select);
}

function told(message, remedy) {
  return Object.assign(new Error(message), { remedy });
}

/** Load the style of the map, once. */
function styled() {
  if (document.getElementById("map-style")) return null;
  return new Promise((resolve, reject) => {
    const link = element("link", { id: "map-style", rel: "stylesheet", href: "static/map.css", on: { load: resolve, error: reject } });
    document.head.append(link);
  });
}
