/** The large plot of a spectrum: uPlot with line labels, zoom, and the query galaxy overplotted. */

import uPlot from "./vendor/uplot-1.6.32/uPlot.esm.js";
import { button, element, fill } from "./element.js";
import { fixed } from "./number_text.js";
import { colour } from "./theme.js";
import { fluxRange, LINES_ANGSTROM, overplotted, withoutNoise } from "./spectral_lines.js";

const HEIGHT = 260;
/** Rest-frame windows that a button shows. */
const WINDOWS_ANGSTROM = {
  "all": null,
  "[O II], Ca H,K": [3650, 4150],
  "Hβ, [O III]": [4780, 5100],
  "Hα, [S II]": [6450, 6800],
};

/**
 * The plot and its controls. `galaxy` and `query` are {spectrum, z, label}; `query` may be null.
 *
 * Both are aligned at rest, whether the axis shows wavelengths at rest or as observed for `galaxy`.
 */
export class SpectrumChart {
  constructor(galaxy, query) {
    Object.assign(this, { galaxy, query, rest: Number.isFinite(galaxy.z), window: null, plot: null });
    this.canvas = element("div", {
      class: "chart",
      role: "img",
      "aria-label": `Spectrum of ${galaxy.label}${query ? ` with that of ${query.label}` : ""}`,
    });
    this.readout = element("p", { class: "readout dim", "aria-live": "off" });
    this.controls = element("div", { class: "chart-controls" });
    this.showControls();
    this.element = element("div", {}, this.controls, this.canvas, this.readout);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.canvas);
  }

  /** Draw the plot, with the colours that the page has now. */
  draw() {
    this.plot?.destroy();
    const factor = this.rest ? 1 : 1 + (this.galaxy.z || 0);
    const { wavelength_angstrom: wavelength, flux } = this.galaxy.spectrum;
    const restWavelength = wavelength.map((value) => value / (1 + (this.galaxy.z || 0)));
    const data = [restWavelength.map((value) => value * factor), flux];
    const series = [{}, curve(this.galaxy.label, "flux", 1.2)];
    let note = "";
    if (this.query && Number.isFinite(this.query.z) && Number.isFinite(this.galaxy.z)) {
      const over = overplotted(this.query.spectrum, this.query.z, restWavelength, flux);
      data.push(over.flux);
      series.push(curve(this.query.label, "query", 1));
      note = `Query galaxy × ${Number(over.scale.toPrecision(2))}, at the same rest wavelengths. `;
    }
    this.data = data;
    this.measured = [withoutNoise(this.galaxy.spectrum), ...data.slice(2)];
    this.hint = `${note}Drag to zoom, double-click for all.`;
    this.readout.textContent = this.hint;
    this.plot = new uPlot(this.options(series, factor), data, this.canvas);
    this.zoom(this.window);
  }

  /** Show a window of rest wavelengths, or all. */
  zoom(window) {
    this.window = window;
    const factor = this.rest ? 1 : 1 + (this.galaxy.z || 0);
    const x = this.data[0];
    const [min, max] = window ? window.map((value) => value * factor) : [x[0], x[x.length - 1]];
    this.plot.setScale("x", { min, max });
  }

  /** Remove the plot. */
  destroy() {
    this.observer.disconnect();
    this.plot?.destroy();
  }

  resize() {
    if (this.plot && this.canvas.clientWidth) {
      this.plot.setSize({ width: this.canvas.clientWidth, height: HEIGHT });
    }
  }

  options(series, factor) {
    const axis = { stroke: colour("dim"), grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line") } };
    const frame = this.rest ? "rest" : "observed";
    const small = { font: "11px system-ui, sans-serif", labelFont: "11px system-ui, sans-serif", labelSize: 18 };
    return {
      width: this.canvas.clientWidth || 380,
      height: HEIGHT,
      legend: { show: false },
      padding: [18, 8, 0, 0],
      scales: { x: { time: false }, y: { range: (plot, low, high) => this.fluxLimits(plot) ?? [low, high] } },
      series,
      axes: [
        { ...axis, ...small, label: `${frame} wavelength (Å, vacuum)`, size: 30 },
        { ...axis, ...small, label: "flux (10⁻¹⁷ erg s⁻¹ cm⁻² Å⁻¹)", size: 38 },
      ],
      cursor: { points: { show: false }, drag: { x: true, y: false } },
      hooks: { draw: [(plot) => drawLineLabels(plot, factor)], setCursor: [(plot) => this.read(plot)] },
    };
  }

  fluxLimits(plot) {
    const { min = null, max = null } = plot.scales.x;
    // The first limits are wanted before there is a range of wavelengths.
    const isInside = (_, i) => min === null || (this.data[0][i] >= min && this.data[0][i] <= max);
    return fluxRange(this.measured.flatMap((flux) => flux.filter(isInside)));
  }

  read(plot) {
    const i = plot.cursor.idx;
    const [wavelength, flux, over] = this.data.map((values) => (i === null || i === undefined ? null : values[i]));
    if (wavelength === null || plot.cursor.left < 0) {
      this.readout.textContent = this.hint;
      return;
    }
    const second = over === undefined ? "" : ` · query ${fixed(over, 2)}`;
    this.readout.textContent = `${fixed(wavelength, 1)} Å · flux ${fixed(flux, 2)}${second}`;
  }

  showControls() {
    const isKnown = Number.isFinite(this.galaxy.z);
    const frames = isKnown ? { rest: true, observed: false } : {};
    fill(
      this.controls,
      segments("Wavelengths", frames, (rest) => this.setFrame(rest)),
      segments("Zoom", WINDOWS_ANGSTROM, (window) => this.zoom(window)),
    );
    this.pressFrame();
  }

  pressFrame() {
    for (const control of this.controls.querySelectorAll("[aria-label=Wavelengths] button")) {
      control.setAttribute("aria-pressed", String((control.textContent === "rest") === this.rest));
    }
  }

  setFrame(rest) {
    this.rest = rest;
    this.pressFrame();
    this.draw();
  }
}

/** Buttons side by side, one for each named value. */
function segments(label, values, choose) {
  const controls = Object.entries(values).map(([name, value]) => button(name, () => choose(value)));
  return element("span", { class: "segments", role: "group", "aria-label": label }, controls);
}

function curve(label, name, width) {
  return { label, stroke: colour(name), width, points: { show: false }, spanGaps: false };
}

function drawLineLabels(plot, factor) {
  const { ctx: context, bbox } = plot;
  const scale = window.devicePixelRatio || 1;
  context.save();
  context.font = `${11 * scale}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.strokeStyle = colour("mark");
  context.fillStyle = colour("mark-text");
  context.setLineDash([2 * scale, 3 * scale]);
  let last = -Infinity;
  for (const [name, rest] of Object.entries(LINES_ANGSTROM)) {
    const x = plot.valToPos(rest * factor, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    context.beginPath();
    context.moveTo(x, bbox.top);
    context.lineTo(x, bbox.top + bbox.height);
    context.stroke();
    if (x - last > 40 * scale) {
      context.fillText(name, x, bbox.top - 5 * scale);
      last = x;
    }
  }
  context.restore();
}
