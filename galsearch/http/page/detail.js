/** The pane with one galaxy: its image, its spectrum with the query overplotted, its catalogue row. */

import { copy } from "./downloads.js";
import { button, element, fill } from "./element.js";
import { catalogueOf, flagsOf, positionText } from "./galaxy_facts.js";
import { FINE_BINS, loadSpectrum, thumbnailView } from "./galaxy_view.js";
import { cell, fixed } from "./number_text.js";
import { onThemeChange } from "./theme.js";

const FINE = { now: true, bins: FINE_BINS };

/** The pane. `actions` are `close`, `search(targetId)`, `mark(targetId, kind)` and `markOf`. */
export class Detail {
  constructor(parent, actions) {
    Object.assign(this, { parent, actions, chart: null, shown: null });
    document.addEventListener("keydown", (event) => {
      const isElsewhere = event.target.closest?.("dialog, details.menu[open]");
      if (event.key === "Escape" && this.shown && !isElsewhere) this.actions.close();
    });
    onThemeChange(() => this.chart?.draw());
  }

  /** Show a galaxy of an answer: a neighbour or the query galaxy. */
  show(galaxy, answer, index) {
    this.hide();
    this.shown = galaxy.target_id;
    const heading = element("h2", { tabindex: "-1" }, galaxy.target_id);
    this.plot = element("div", { class: "plot" });
    fill(
      this.parent,
      element("header", {}, heading, button("×", this.actions.close, { class: "quiet close", "aria-label": "Close details" })),
      this.top(galaxy, index),
      this.plot,
      catalogueTable(galaxy, index.columns),
    );
    this.parent.hidden = false;
    document.body.classList.add("with-detail");
    this.draw(galaxy, answer.query, index);
    return heading;
  }

  /** Show which marks the galaxy has. */
  updateMarks() {
    const mark = this.actions.markOf(this.shown);
    for (const control of this.parent.querySelectorAll("[data-kind]")) {
      control.setAttribute("aria-pressed", String(control.dataset.kind === mark));
    }
  }

  hide() {
    this.chart?.destroy();
    Object.assign(this, { chart: null, shown: null });
    this.parent.hidden = true;
    document.body.classList.remove("with-detail");
  }

  top(galaxy, index) {
    const id = galaxy.target_id;
    const links = galaxy.links ?? {};
    return element(
      "div",
      { class: "detail-top" },
      thumbnailView(galaxy, index.name, 152, { available: index.thumbnails, now: true }),
      element(
        "div",
        {},
        galaxy.similarity !== undefined && element("p", {}, "similarity ", element("b", {}, fixed(galaxy.similarity, 4))),
        element("p", {}, "z ", element("b", {}, fixed(galaxy.z, 5))),
        element("p", { class: "dim" }, positionText(galaxy)),
        element("p", { class: "tags" }, flagsOf(galaxy).map((text) => element("span", { class: "tag flag" }, `⚠ ${text}`))),
        element(
          "p",
          { class: "detail-actions" },
          button("Search from here", () => this.actions.search(id), { class: "primary" }),
          button("+", () => this.actions.mark(id, "like"), { class: "mark", data: { kind: "like" }, "aria-label": `More like ${id}`, title: "More like this" }),
          button("−", () => this.actions.mark(id, "unlike"), { class: "mark", data: { kind: "unlike" }, "aria-label": `Less like ${id}`, title: "Less like this" }),
          button("Copy TARGETID", () => copy(id, "The TARGETID")),
        ),
        element(
          "p",
          {},
          Object.entries(links)
            .filter(([, address]) => /^https?:\/\//.test(address ?? ""))
            .map(([name, address]) => [element("a", { href: address, target: "_blank", rel: "noreferrer" }, LINKS[name] ?? name.replaceAll("_", " ")), " "])
            .flat(),
        ),
      ),
    );
  }

  async draw(galaxy, query, index) {
    if (!index.spectra || galaxy.has_spectrum === false) {
      fill(this.plot, element("p", { class: "dim" }, "No spectrum."));
      return;
    }
    fill(this.plot, element("p", { class: "dim" }, "Loading the spectrum…"));
    const other = query?.target_id && query.target_id !== galaxy.target_id && query.has_spectrum !== false ? query : null;
    const [own, over, module] = await Promise.all([
      loadSpectrum(galaxy.target_id, index.name, FINE).catch(() => null),
      other && loadSpectrum(other.target_id, index.name, FINE).catch(() => null),
      import("./spectrum_chart.js"),
    ]);
    if (this.shown !== galaxy.target_id) return;
    if (!own) {
      fill(this.plot, element("p", { class: "dim" }, "No spectrum."));
      return;
    }
    const labelled = (one, spectrum, label) => ({ spectrum, z: one.z ?? NaN, label });
    this.chart = new module.SpectrumChart(
      labelled(galaxy, own, galaxy.target_id),
      over ? labelled(other, over, `query ${other.target_id}`) : null,
    );
    fill(this.plot, this.chart.element);
    this.chart.draw();
  }
}

const LINKS = { legacy_viewer: "Legacy Surveys viewer", desi_spectrum: "DESI spectrum" };

function catalogueTable(galaxy, columns) {
  const known = Object.fromEntries(columns.map((column) => [column.name, column]));
  return element(
    "details",
    { class: "catalogue", open: true },
    element("summary", {}, "Catalogue"),
    element(
      "table",
      {},
      element(
        "tbody",
        {},
        catalogueOf(galaxy).map(([name, value]) =>
          element(
            "tr",
            {},
            element("th", { scope: "row", title: known[name]?.description || null }, name),
            element("td", {}, cell(value), known[name]?.unit ? element("span", { class: "dim" }, ` ${known[name].unit}`) : null),
          ),
        ),
      ),
    ),
  );
}
