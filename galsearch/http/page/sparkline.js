/** Small spectra of the cards, drawn on a canvas, with lines at the redshift. */

import { colour } from "./theme.js";
import { fluxRange, LINES_ANGSTROM, overplotted, withoutNoise } from "./spectral_lines.js";

const HEIGHT = 76;
const TOP = 13;
const LABEL_SPACING = 38;

/**
 * Draw a spectrum over the whole width of a canvas.
 *
 * `query` is {spectrum, z} of the query galaxy, drawn behind it at the same rest wavelengths; or
 * null.
 */
export function drawSparkline(canvas, spectrum, z, query = null) {
  const width = canvas.clientWidth || 240;
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(HEIGHT * scale);
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  const range = fluxRange(withoutNoise(spectrum)) ?? fluxRange(spectrum.flux);
  if (!range) {
    context.fillStyle = colour("dim");
    context.font = "12px system-ui, sans-serif";
    context.fillText("no measured flux", 8, HEIGHT / 2);
    return;
  }
  const wavelength = spectrum.wavelength_angstrom;
  const [first, last] = [wavelength[0], wavelength[wavelength.length - 1]];
  const x = (value) => ((value - first) / (last - first)) * width;
  if (Number.isFinite(z)) drawLines(context, z, x, width);
  if (query && Number.isFinite(z) && Number.isFinite(query.z)) {
    const rest = wavelength.map((value) => value / (1 + z));
    const { flux } = overplotted(query.spectrum, query.z, rest, spectrum.flux);
    drawFlux(context, wavelength, flux, x, range, colour("query"));
  }
  drawFlux(context, wavelength, spectrum.flux, x, range, colour("flux"));
}

function drawLines(context, z, x, width) {
  context.font = "10px system-ui, sans-serif";
  context.textAlign = "center";
  let last = -LABEL_SPACING;
  for (const [name, rest] of Object.entries(LINES_ANGSTROM)) {
    const at = x(rest * (1 + z));
    if (at < 2 || at > width - 2) continue;
    context.strokeStyle = colour("mark");
    context.setLineDash([2, 3]);
    context.beginPath();
    context.moveTo(at, TOP);
    context.lineTo(at, HEIGHT);
    context.stroke();
    if (at - last < LABEL_SPACING) continue;
    context.fillStyle = colour("mark-text");
    context.fillText(name, Math.min(Math.max(at, 15), width - 15), TOP - 3);
    last = at;
  }
  context.setLineDash([]);
}

function drawFlux(context, wavelength, flux, x, [low, high], stroke) {
  const y = (value) => HEIGHT - 1 - ((Math.min(Math.max(value, low), high) - low) / (high - low)) * (HEIGHT - TOP - 2);
  context.strokeStyle = stroke;
  context.lineWidth = 1;
  context.lineJoin = "round";
  context.beginPath();
  let pen = false;
  flux.forEach((value, i) => {
    const seen = value !== null;
    if (seen) context[pen ? "lineTo" : "moveTo"](x(wavelength[i]), y(value));
    pen = seen;
  });
  context.stroke();
}
