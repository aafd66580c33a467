/** The map of the embeddings of an index; it is loaded when a user opens the map. */

import { element, fill } from "./element.js";
import { MapCamera } from "./map_camera.js";
import { densityCells } from "./map_density.js";
import { LAST, MapGalaxies, decodeMap } from "./map_data.js";
import { handleGestures } from "./map_gestures.js";
import { mapLegend } from "./map_legend.js";
import { drawMarks } from "./map_marks.js";
import { paletteBytes } from "./map_palette.js";
import { MapPoints } from "./map_points.js";
import { MapThumbnails } from "./map_thumbnails.js";
import { chosenGalaxy } from "./map_chosen.js";
import { count } from "./number_text.js";
import { mapBytes } from "./service.js";
import { isDark, onThemeChange } from "./theme.js";

const POINTS_BELOW = 60_000;
const CELLS_ABOVE = 150_000;
const NEAR_PIXELS = 14;
const MOST_CORNERS = 48;
const QUIET_MS = 350;

/** A map in the element `parent`; `actions` has `search(targetId)` and `select(lasso)`. */
export class MapView {
  constructor(parent, index, actions) {
    Object.assign(this, { index, actions, camera: new MapCamera(), answer: null, frame: 0, mode: "move" });
    this.ending = new AbortController();
    this.canvas = element("canvas", { "aria-hidden": "true" });
    this.overlay = element("canvas", { "aria-hidden": "true" });
    this.pictures = element("div", { class: "map-pictures", "aria-hidden": "true" });
    this.surface = element("div", { class: "map-surface", tabindex: "0", role: "application", "aria-describedby": "map-keys" });
    this.surface.append(this.canvas, this.pictures, this.overlay);
    this.status = element("p", { class: "dim map-status", role: "status" });
    this.legend = element("div", { class: "map-legend" });
    this.chosen = element("div", { class: "map-chosen" });
    fill(parent, this.surface, element("div", { class: "map-foot" }, this.legend, this.status), this.chosen, keyHelp());
    this.drawing = new MapPoints(this.canvas);
    this.thumbnails = new MapThumbnails(this.pictures, index.name);
    this.marks = { neighbours: [], query: null, chosen: null, lasso: null };
    handleGestures(this.surface, this);
    onThemeChange(() => this.setColours(), this.ending.signal);
    this.sizes = new ResizeObserver(() => this.resize());
    this.sizes.observe(this.surface);
  }

  /** Load the map of a modality, in the colours of a column. */
  async load(using, column) {
    const { head, ...arrays } = decodeMap(await mapBytes(this.index.name, using, column));
    this.head = head;
    this.galaxies = new MapGalaxies(arrays);
    if (this.head.using !== this.seen) this.camera.showWhole(this.galaxies.bounds);
    this.seen = head.using;
    this.drawing.load(this.galaxies, densityCells(this.galaxies, Boolean(head.classes)));
    this.surface.setAttribute("aria-label", `Map of ${count(head.shown)} ${using === "spectrum" ? "spectra" : "images"}`);
    this.setColours();
    this.showAnswer(this.answer);
  }

  /** Mark the query and the neighbours of an answer. */
  showAnswer(answer) {
    this.answer = answer;
    if (!this.galaxies) return;
    const ids = answer ? answer.neighbours.map(({ target_id: id }) => id) : [];
    const query = answer?.query.target_id ?? null;
    const rows = this.galaxies.rowsOf([...ids, query].filter(Boolean));
    this.marks.neighbours = ids.filter((id) => rows.has(id)).map((id) => this.placeOf(rows.get(id)));
    this.marks.query = query && rows.has(query) ? this.placeOf(rows.get(query)) : null;
    this.changed();
  }

  /** Show a lasso, as the address states it; null for none. */
  showLasso(text) {
    const found = text ? this.polygonOf(text) : null;
    Object.assign(this.marks, { lasso: found, isDone: Boolean(found) });
    this.changed();
  }

  /** TARGETIDs of the galaxies that a lasso encircles. */
  idsOf(text) {
    return this.galaxies.inside(this.polygonOf(text));
  }

  polygonOf(text) {
    const numbers = text.split(":")[1].split(",").map(Number);
    const places = [];
    for (let i = 0; i + 1 < numbers.length; i += 2) places.push(numbers.slice(i, i + 2).map((value, axis) => this.toSteps(value, axis)));
    return places;
  }

  toSteps(value, axis) {
    const [low, high] = axis ? this.head.y_range : this.head.x_range;
    return ((value - low) / (high - low)) * LAST;
  }

  toUnits(value, axis) {
    const [low, high] = axis ? this.head.y_range : this.head.x_range;
    return Number((low + (value / LAST) * (high - low)).toPrecision(6));
  }

  placeOf(row) {
    return [this.galaxies.xy[2 * row], this.galaxies.xy[2 * row + 1]];
  }

  isLasso() {
    return this.mode === "lasso";
  }

  /** Follow a lasso that is being drawn; filter with it when it is done. */
  lasso(path, isDone) {
    if (!path) return;
    const polygon = path.map((place) => this.camera.toMap(place));
    Object.assign(this.marks, { lasso: polygon, isDone });
    if (isDone && polygon.length > 2) this.select(polygon);
  }

  /** Filter with the part of the map that is in view. */
  selectView() {
    const [x0, y0, x1, y1] = this.camera.box;
    this.select([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]);
  }

  select(polygon) {
    const step = Math.max(1, polygon.length / MOST_CORNERS);
    const corners = Array.from({ length: Math.min(polygon.length, MOST_CORNERS) }, (_, i) => polygon[Math.floor(i * step)]);
    this.actions.select(`${this.head.using}:${corners.flatMap((place) => place.map((value, axis) => this.toUnits(value, axis))).join(",")}`);
  }

  hover(place) {
    this.surface.classList.toggle("over-galaxy", place !== null && !this.isLasso() && this.rowNear(place) >= 0);
  }

  /** Show the galaxy at a place of the screen, or nearest to the middle of the map. */
  choose(place) {
    const row = place ? this.rowNear(place) : this.rowNear(this.camera.toScreen([this.camera.x, this.camera.y]), 1e4);
    this.marks.chosen = row < 0 ? null : this.placeOf(row);
    fill(this.chosen, row >= 0 && chosenGalaxy(String(this.galaxies.ids[row]), this.index, this.actions));
    this.changed();
  }

  rowNear(place, pixels = NEAR_PIXELS) {
    if (!this.galaxies) return -1;
    const near = this.camera.step * Math.min(pixels, Math.max(this.camera.width, this.camera.height));
    if (this.galaxies.countNear(this.camera.box) > CELLS_ABOVE && pixels === NEAR_PIXELS) return -1;
    return this.galaxies.nearest(...this.camera.toMap(place), near);
  }

  key(name) {
    if (name === "l") this.setMode(this.isLasso() ? "move" : "lasso");
    else if (name === "v") this.selectView();
    else return false;
    return true;
  }

  setMode(mode) {
    this.mode = mode;
    this.surface.classList.toggle("is-lasso", mode === "lasso");
    this.actions.modeChanged(mode);
  }

  setColours() {
    if (!this.head) return;
    const palette = paletteBytes(this.head.classes, isDark());
    this.drawing.setPalette(palette);
    fill(this.legend, mapLegend(this.head, palette));
    this.changed();
  }

  resize() {
    const { width, height } = this.surface.getBoundingClientRect();
    const ratio = Math.min(2, devicePixelRatio);
    this.camera.resize(width, height);
    for (const canvas of [this.canvas, this.overlay]) Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    this.changed();
  }

  /** Draw again, once before the next picture of the screen. */
  changed() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  draw() {
    if (!this.galaxies) return;
    const near = this.galaxies.countNear(this.camera.box);
    const share = Math.min(1, Math.max(0, (CELLS_ABOVE - near) / (CELLS_ABOVE - POINTS_BELOW)));
    const perGalaxy = Math.sqrt((this.camera.width * this.camera.height) / Math.max(1, near));
    const size = Math.min(9, Math.max(2.4, 0.42 * perGalaxy));
    this.drawing.draw(this.camera, { cells: 1 - share, points: 0.9 * share, size });
    drawMarks(this.overlay, this.camera, this.marks);
    clearTimeout(this.quiet);
    if (this.pictures.childElementCount) this.thumbnails.show(this.galaxies, this.camera);
    this.quiet = setTimeout(() => this.settled(), QUIET_MS);
  }

  /** The view has been still: show images, and say what is in view. */
  settled() {
    if (this.index.thumbnails) this.thumbnails.show(this.galaxies, this.camera);
    const inView = this.camera.isWhole ? this.galaxies.n : this.galaxies.inBox(this.camera.box).length;
    const text = `${count(inView)} of ${count(this.head.galaxies)} galaxies in view`;
    if (this.status.textContent !== text) this.status.textContent = text;
  }

  remove() {
    this.ending.abort();
    this.sizes.disconnect();
    clearTimeout(this.quiet);
    cancelAnimationFrame(this.frame);
    this.drawing.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

function keyHelp() {
  return element(
    "p",
    { id: "map-keys", class: "dim map-keys" },
    "Drag to move, turn the wheel or pinch to magnify, and press on a galaxy. ",
    element("span", { class: "shortcuts" }, "Keys: arrows, + and −, 0 for the whole map, Enter for the galaxy in the middle, l for the lasso, v to search in what is in view."),
  );
}
