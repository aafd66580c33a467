/** What the page shows before the first search: the index, and ways to begin. */

import { button, element, fill } from "./element.js";
import { count, fixed, isNumber } from "./number_text.js";

/** Show the facts of an index; `actions.search(targetId)` begins with one of its galaxies. */
export function showWelcome(parent, service, index, actions) {
  const kinds = Object.entries(index.modalities).map(([kind, n]) => [PLURALS[kind] ?? kind, count(n)]);
  const columns = index.columns.map(({ name }) => name).filter((name) => !name.startsWith("_"));
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
    firstGalaxies(index, actions),
    element("dl", {}, rows.map(([name, value]) => [element("dt", {}, name), element("dd", {}, value)])),
    recallTable(index),
  );
}

const PLURALS = { image: "images", spectrum: "spectra" };

/** The least and the largest TARGETID of the index, which it certainly holds. */
function firstGalaxies(index, actions) {
  const column = index.columns.find(({ name }) => name === "target_id");
  const ids = [column?.minimum, column?.maximum].filter(Boolean).map(String);
  if (!ids.length) return null;
  return element(
    "p",
    { class: "first-galaxies" },
    "Or begin with a galaxy of this index: ",
    ids.map((id) => button(id, () => actions.search(id))),
  );
}

function recallTable({ recall, promised }) {
  const rows = (Array.isArray(recall) ? recall : []).filter((one) => isNumber(one.recall_at_10));
  if (!rows.length) return null;
  return element(
    "table",
    { class: "numbers" },
    element("caption", {}, `Share of the ten most similar galaxies that are found. ${promised ?? ""}`),
    element("tbody", {}, rows.map(recallRow)),
  );
}

function recallRow({ using, among, recall_at_10: recall }) {
  const direction = `${using} among ${PLURALS[among] ?? among}`;
  return element("tr", {}, element("th", { scope: "row" }, direction), element("td", {}, fixed(recall, 3)));
}
