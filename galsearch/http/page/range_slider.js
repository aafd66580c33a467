/** A range of numbers: two sliders on one track, and two fields for exact values. */

import { element } from "./element.js";

const STEPS = 200;

/**
 * The control of one column, {name, unit, type, minimum, maximum}, at the range [low, high].
 *
 * null is no limit. `change([low, high])` is called when the user has set another range. `bins`
 * [{from, to, count}] are drawn above the track.
 */
export function rangeSlider(column, [low, high], change, bins = null) {
  const scale = scaleOf(column);
  const label = column.unit ? `${column.name} (${column.unit})` : column.name;
  const lower = slider(scale, low ?? scale.minimum, `Least ${label}`);
  const upper = slider(scale, high ?? scale.maximum, `Largest ${label}`);
  const least = field(low, scale.minimum, `Least ${label}, exact`);
  const most = field(high, scale.maximum, `Largest ${label}, exact`);
  const track = element("div", { class: "track" }, element("span", { class: "span" }), lower, upper);
  const show = () => {
    const [from, to] = [lower, upper].map((one) => (one.value - scale.minimum) / (scale.maximum - scale.minimum || 1));
    track.style.setProperty("--from", `${100 * from}%`);
    track.style.setProperty("--to", `${100 * to}%`);
  };
  const moved = (event) => {
    if (Number(lower.value) > Number(upper.value)) {
      const other = event.target === lower ? upper : lower;
      event.target.value = other.value;
    }
    least.value = limit(lower, scale.minimum) ?? "";
    most.value = limit(upper, scale.maximum) ?? "";
    show();
  };
  const done = () => change([numberOf(least), numberOf(most)]);
  for (const one of [lower, upper]) {
    one.addEventListener("input", moved);
    one.addEventListener("change", done);
  }
  for (const one of [least, most]) one.addEventListener("change", done);
  show();
  return element(
    "fieldset",
    { class: "range", data: { column: column.name } },
    element("legend", { title: column.description || null }, label),
    bins?.length ? histogram(bins, scale) : null,
    track,
    element("div", { class: "limits" }, least, element("span", { class: "dim" }, "to"), most),
  );
}

function histogram(bins, { minimum, maximum }) {
  const most = Math.max(...bins.map(({ count }) => count));
  const place = (value) => Math.min(Math.max((value - minimum) / (maximum - minimum), 0), 1);
  return element(
    "div",
    { class: "histogram", "aria-hidden": "true" },
    bins.map(({ from, to, count }) => {
      const bar = element("span", { title: `${from} to ${to}: ${count}` });
      bar.style.left = `${100 * place(from)}%`;
      bar.style.width = `${100 * (place(to) - place(from))}%`;
      bar.style.height = `${(100 * count) / most}%`;
      return bar;
    }),
  );
}

function scaleOf({ type, minimum, maximum }) {
  if (!(maximum > minimum)) return { minimum: minimum ?? 0, maximum: (minimum ?? 0) + 1, step: 1 };
  const rough = (maximum - minimum) / STEPS;
  const decade = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((one) => one * decade >= rough);
  const step = type === "integer" ? Math.max(1, Math.round(factor * decade)) : factor * decade;
  const round = (value) => Number(value.toPrecision(12));
  return {
    minimum: round(Math.floor(minimum / step) * step),
    maximum: round(Math.ceil(maximum / step) * step),
    step: round(step),
  };
}

function slider({ minimum, maximum, step }, value, label) {
  const made = element("input", { type: "range", min: minimum, max: maximum, step, "aria-label": label });
  made.value = value;
  return made;
}

function field(value, placeholder, label) {
  const made = element("input", { type: "number", step: "any", placeholder, "aria-label": label });
  made.value = value ?? "";
  return made;
}

/** The value of a slider; null at its end, so that galaxies without a value stay. */
function limit(control, end) {
  const value = Number(control.value);
  return value === end ? null : Number(value.toPrecision(12));
}

function numberOf(control) {
  return control.value === "" || !Number.isFinite(Number(control.value)) ? null : Number(control.value);
}
