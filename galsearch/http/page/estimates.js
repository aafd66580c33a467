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
      fill(table, estimateTable(answer, words.galaxy, columns));
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

function estimateTable({ estimates, notes = [] }, galaxy, columns) {
  const heads = ["property", "estimate", "68 %", "95 %", "", "catalogue", "agreement"];
  return [
    element(
      "table",
      { class: "numbers" },
      element("thead", {}, element("tr", {}, heads.map((text) => (text ? element("th", { scope: "col" }, text) : element("td"))))),
      element("tbody", {}, estimates.map((one) => estimateRow(one, galaxy?.[one.property], columns))),
    ),
    element("ul", { class: "dim plain" }, notes.map((note) => element("li", {}, note))),
  ];
}

function estimateRow(one, known, columns) {
  const outside = one.outside_bank && element("span", { class: "tag flag", title: "Unlike the labelled galaxies: do not trust it" }, "⚠ outside");
  const unreliable = one.unreliable && element("span", { class: "tag flag", title: "The neighbours are unusually far or differ unusually much: do not trust it" }, "⚠ unreliable");
  const column = columns.find(({ name }) => name === one.property);
  return element(
    "tr",
    {},
    element("th", { scope: "row" }, one.property),
    element("td", {}, isNumber(one.value) ? fixed(one.value, 3) : cell(one.value), outside, unreliable),
    element("td", {}, interval(one, "68")),
    element("td", {}, one.set_95 ? String(one.set_95).split("|").join(" or ") : interval(one, "95")),
    element("td", {}, intervalBar(one, known, column)),
    element("td", {}, isNumber(known) ? fixed(known, 3) : cell(known)),
    element("td", {}, isNumber(one.agreement) ? fixed(one.agreement, 2) : cell(null)),
  );
}

function limits(one, level) {
  return [one[`low_${level}`] ?? one.low, one[`high_${level}`] ?? one.high];
}

function interval(one, level) {
  const [low, high] = limits(one, level);
  return isNumber(low) && isNumber(high) ? `${fixed(low, 3)} to ${fixed(high, 3)}` : cell(null);
}

/** Both intervals, the estimate and the value of the catalogue on the range of the column. */
function intervalBar(one, known, column) {
  const [low, high] = limits(one, "95");
  if (!isNumber(low) || !isNumber(high) || !isNumber(column?.minimum)) return null;
  const first = Math.min(low, column.minimum);
  const last = Math.max(high, column.maximum);
  const place = (value) => `${(100 * (value - first)) / (last - first || 1)}%`;
  const part = (kind, from, to) => {
    const made = element("span", { class: kind });
    made.style.left = place(from);
    made.style.right = `calc(100% - ${place(to)})`;
    return made;
  };
  return element(
    "div",
    { class: "interval", "aria-hidden": "true" },
    part("i95", low, high),
    part("i68", ...limits(one, "68")),
    part("value", one.value, one.value),
    isNumber(known) && part("known", known, known),
  );
}
