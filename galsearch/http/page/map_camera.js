/** The view of a map: its centre and the extent that is seen, in positions of the map. */

import { LAST } from "./map_data.js";

const MARGIN = 1.06;
const LEAST_SPAN = 24;

/** The view. Places on the screen are CSS pixels from the upper left corner of the map. */
export class MapCamera {
  constructor() {
    Object.assign(this, { width: 1, height: 1, bounds: [0, 0, LAST, LAST] });
    this.showWhole();
  }

  /** Show all of the box [x0, y0, x1, y1] in which the galaxies lie. */
  showWhole(bounds = this.bounds) {
    const [x0, y0, x1, y1] = bounds;
    Object.assign(this, { bounds, x: (x0 + x1) / 2, y: (y0 + y1) / 2, span: this.whole });
  }

  /** Extent of the shorter side where all galaxies are in view. */
  get whole() {
    const [x0, y0, x1, y1] = this.bounds;
    const step = Math.max((x1 - x0) / this.width, (y1 - y0) / this.height);
    return Math.max(LEAST_SPAN, MARGIN * step * Math.min(this.width, this.height));
  }

  resize(width, height) {
    const wasWhole = this.isWhole;
    Object.assign(this, { width: Math.max(1, width), height: Math.max(1, height) });
    if (wasWhole) this.showWhole();
  }

  /** Positions of the map in one pixel. */
  get step() {
    return this.span / Math.min(this.width, this.height);
  }

  get isWhole() {
    return this.span >= this.whole * 0.999;
  }

  /** The box [x0, y0, x1, y1] in view. */
  get box() {
    const [across, up] = [(this.width * this.step) / 2, (this.height * this.step) / 2];
    return [this.x - across, this.y - up, this.x + across, this.y + up];
  }

  toMap([px, py]) {
    return [this.x + (px - this.width / 2) * this.step, this.y - (py - this.height / 2) * this.step];
  }

  toScreen([x, y]) {
    return [(x - this.x) / this.step + this.width / 2, (this.y - y) / this.step + this.height / 2];
  }

  /** Move by some pixels; the centre stays on the map. */
  pan(dx, dy) {
    this.x = Math.min(LAST, Math.max(0, this.x - dx * this.step));
    this.y = Math.min(LAST, Math.max(0, this.y + dy * this.step));
  }

  /** Magnify by a factor around a place on the screen, by default the middle. */
  zoom(factor, place = [this.width / 2, this.height / 2]) {
    const before = this.toMap(place);
    this.span = Math.min(this.whole, Math.max(LEAST_SPAN, this.span / factor));
    const after = this.toMap(place);
    this.x = Math.min(LAST, Math.max(0, this.x + before[0] - after[0]));
    this.y = Math.min(LAST, Math.max(0, this.y + before[1] - after[1]));
  }
}
