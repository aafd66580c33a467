/** What the colours of a map mean. */

import { element } from "./element.js";
import { classColour } from "./map_palette.js";
import { isDark } from "./theme.js";

const WIDTH = 200;

/** The scale or the classes of a map, whose facts are `head`. */
export function mapLegend(head, palette) {
  const name = head.column.replaceAll("_", " ");
  if (!head.classes) return [element("span", {}, name), shown(head.value_range[0]), scale(name, head, palette), shown(head.value_range[1])];
  const classes = head.classes.map((text, number) => {
    const swatch = element("span", { class: "swatch", "aria-hidden": "true" });
    swatch.style.background = classColour(number, isDark());
    return element("li", {}, swatch, text);
  });
  return [element("span", {}, name), element("ul", {}, classes)];
}

function scale(name, head, palette) {
  const [low, high] = head.value_range.map((value) => value.toPrecision(3));
  const canvas = element("canvas", { width: WIDTH, height: 8, role: "img", "aria-label": `Colours of ${name} from ${low} to ${high}` });
  const context = canvas.getContext("2d");
  for (let x = 0; x < WIDTH; x++) {
    const level = 1 + Math.round((x / (WIDTH - 1)) * 254);
    context.fillStyle = `rgb(${palette.slice(4 * level, 4 * level + 3).join(" ")})`;
    context.fillRect(x, 0, 1, 8);
  }
  return canvas;
}

function shown(value) {
  return element("span", { class: "dim" }, String(Number(value.toPrecision(3))).replace("-", "−"));
}
