/** The choice among the indexes of the service. */

import { element, fill } from "./element.js";

/** Offer indexes in a select, which is hidden where there is one; `choose(name)` takes another. */
export function setUpIndexChoice(select, indexes, choose) {
  fill(select, indexes.map(({ name }) => element("option", { value: name }, name)));
  select.closest("label").hidden = indexes.length < 2;
  select.addEventListener("change", () => choose(select.value));
}
