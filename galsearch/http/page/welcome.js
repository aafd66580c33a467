/** What the page shows before the first search: the index, and ways to begin. */

import { button, element, fill } from "./element.js";
import { count, fixed, isNumber } from "./number_text.js";

/** Show the facts of an index; `actions.search(targetId)` begins with one of its galaxies. */
export function showWelcome(parent, service, index, actions) {
  const kinds = Object.entries(index.modalities).map(([kind, n]) => [PLURALS[kind] ?? kind, count(n)]);
  const columns = index.columns.map(({ name }) => name);
  const rows = [
    ["index", index.name],
    ["galaxies", count(index.galaxies)],
    ...kinds,
    ["encoder", index.model],
    ["catalogue", `${columns.slice(0, 12).join(", ")}${columns.length > 12 ? ` and ${columns.length - 12} more` : ""}`],
    ["galsearch", service.version],
  ].filter(([, value]) => value);
  fill(
    parent,
    element("h2", {}, "Which galaxies look like yours?"),
    element(
      "p",
      {},
      "Type a TARGETID, a position or a name, or drop an image or a spectrum anywhere on this page. An image can ask for spectra, and a spectrum for images.",
    ),
    examples(index, actions),
    element("dl", {}, rows.map(([name, value]) => [element("dt", {}, name), element("dd", {}, value)])),
    recallTable(index.recall),
  );
}

const PLURALS = { image: "images", spectrum: "spectra" };

function examples(index, actions) {
  if (!index.examples?.length) return null;
  return element(
    "p",
    { class: "first-galaxies" },
    "Begin with ",
    index.examples.map((id) => button(id, () => actions.search(id))),
  );
}

function recallTable(recall) {
  const rows = (Array.isArray(recall) ? recall : []).filter((one) => isNumber(one.recall));
  if (!rows.length) return null;
  return element(
    "table",
    { class: "numbers" },
    element("caption", {}, "Measured share of the true neighbours that are found"),
    element("tbody", {}, rows.map((one) => element("tr", {}, element("th", { scope: "row" }, `${one.using} among ${PLURALS[one.among] ?? one.among}`), element("td", {}, fixed(one.recall, 3))))),
  );
}
