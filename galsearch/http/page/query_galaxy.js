/** The query: its galaxy with image, spectrum and estimates, or the user's file or examples. */

import { element, fill } from "./element.js";
import { estimatesView } from "./estimates.js";
import { brightness, classesOf, flagsOf, positionText } from "./galaxy_facts.js";
import { sparklineView, thumbnailView } from "./galaxy_view.js";
import { fixed, isNumber } from "./number_text.js";

/** Show the query of an answer; `actions.open(targetId)` shows its details. */
export function showQuery(parent, words, answer, index, actions) {
  const { query } = answer;
  parent.hidden = false;
  const estimable = query.target_id && !words.like;
  fill(
    parent,
    element("h2", { class: "unseen" }, "Query"),
    query.target_id && !words.like ? galaxyView(query, index, actions) : otherQuery(words, query),
    estimable ? estimatesView({ ...words, target_id: query.target_id, position: null, name: null, galaxy: query }, index.columns, actions.estimated) : null,
  );
}

function galaxyView(query, index, actions) {
  const id = query.target_id;
  const title = element("button", { type: "button", class: "card-open", on: { click: () => actions.open(id) } }, id);
  const details = [
    ["z", fixed(query.z, 5)],
    ["RA Dec", positionText(query)],
  ];
  const magnitude = brightness(query);
  if (magnitude) details.splice(1, 0, [magnitude.name.replace("mag_", ""), `${fixed(magnitude.value, 2)} mag`]);
  if (isNumber(query.separation_arcsec)) details.push(["offset", `${fixed(query.separation_arcsec, 2)} arcsec`]);
  const link = query.links?.legacy_viewer;
  return element(
    "div",
    { class: "query-galaxy" },
    thumbnailView(query, index.name, 104, { available: index.thumbnails }),
    element(
      "div",
      { class: "card-facts" },
      element("h3", {}, element("span", { class: "rank" }, "query"), title),
      element("dl", {}, details.map(([name, value]) => [element("dt", {}, name), element("dd", {}, value)])),
      element(
        "p",
        { class: "tags" },
        classesOf(query).map((text) => element("span", { class: "tag" }, text)),
        flagsOf(query).map((text) => element("span", { class: "tag flag" }, `⚠ ${text}`)),
        link && element("a", { href: link, target: "_blank", rel: "noreferrer" }, "Legacy Surveys viewer"),
      ),
    ),
    sparklineView(query, index.name, { available: index.spectra }),
  );
}

function otherQuery(words, query) {
  if (words.like) {
    const others = words.unlike?.length ? ` and unlike ${words.unlike.length}` : "";
    const noun = words.like.length === 1 ? "galaxy" : "galaxies";
    return element("p", {}, `Galaxies like ${words.like.length} ${noun}${others}.`);
  }
  const kind = query.modality === "spectrum" ? "spectrum" : "image";
  return element("p", {}, `Your ${kind} `, element("b", {}, words.file ?? ""), ", which is not kept by the service.");
}
