/** Properties of the query galaxy, estimated from its neighbours, with their intervals. */

import { button, element, fill } from "./element.js";
import { cell, fixed, isNumber } from "./number_text.js";
import { estimate } from "./service.js";
import { clearError, showError } from "./messages.js";

const USUAL = ["z", "log10_mass", "log_mass", "stellar_mass", "morphology"];

/** The form and the table for a search. `chosen(property)` is told what is estimated. */
export function estimatesView(words, columns, chosen) {
  const table = element("div", { class: "scroll" });
  const field = element("input", { type: "text", id: "estimate", spellcheck: "false", autocapitalize: "off", list: "estimate-columns" });
  field.value = words.estimate || USUAL.filter((name) => columns.some((column) => column.name === name)).join(",");
  const options = columns
    .filter(({ type, name }) => type !== "time" && !["target_id", "ra_deg", "dec_deg"].includes(name))
    .map(({ name }) => element("option", { value: name }));
  const run = async () => {
    fill(table, element("p", { class: "dim" }, "Calibrating with galaxies of known properties…"));
    table.setAttribute("aria-busy", "true");
    try {
      const answer = await estimate(words, field.value.replaceAll(" ", ""));
      clearError();
      fill(table, estimateTable(answer));
      chosen(field.value);
    } catch (error) {
      fill(table);
      showError(error, run);
    } finally {
      table.removeAttribute("aria-busy");
    }
  };
  const form = element(
    "form",
    { class: "estimate-form", on: { submit: (event) => (event.preventDefault(), run()) } },
    element("label", { for: "estimate" }, "Properties"),
    field,
    element("datalist", { id: "estimate-columns" }, options),
    button("Estimate", run),
  );
  if (words.estimate) run();
  return element(
    "details",
    { class: "estimates", open: Boolean(words.estimate) },
    element("summary", {}, "Estimate its properties from neighbours"),
    form,
    table,
  );
}

function estimateTable({ estimates, notes = [] }) {
  const heads = ["property", "estimate", "68 %", "95 %", "agreement"];
  return [
    element(
      "table",
      { class: "numbers" },
      element("thead", {}, element("tr", {}, heads.map((text) => element("th", { scope: "col" }, text)))),
      element("tbody", {}, estimates.map(estimateRow)),
    ),
    notes.length ? element("p", { class: "dim" }, notes.join(". ")) : null,
  ];
}

function estimateRow(one) {
  const outside = one.outside_bank && element("span", { class: "tag flag", title: "Unlike the labelled galaxies: do not trust it" }, "⚠ outside");
  return element(
    "tr",
    {},
    element("th", { scope: "row" }, one.property),
    element("td", {}, isNumber(one.value) ? fixed(one.value, 3) : cell(one.value), outside),
    element("td", {}, interval(one, "68")),
    element("td", {}, one.set_95 ? String(one.set_95).split("|").join(" or ") : interval(one, "95")),
    element("td", {}, isNumber(one.agreement) ? fixed(one.agreement, 2) : cell(null)),
  );
}

function interval(one, level) {
  const [low, high] = [one[`low_${level}`] ?? one.low, one[`high_${level}`] ?? one.high];
  return isNumber(low) && isNumber(high) ? `${fixed(low, 3)} to ${fixed(high, 3)}` : cell(null);
}
