/** Pictures of galaxies: a thumbnail and a spectrum that load when they come into view. */

import { element, fill } from "./element.js";
import { fixed, isNumber } from "./number_text.js";
import { queued } from "./picture_queue.js";
import { spectrum, thumbnail } from "./service.js";
import { drawSparkline } from "./sparkline.js";

const OVERPLOTTED = "galsearch-overplotted";
const BINS = 389;
/** Bins of a large plot: five pixels of DESI, 4 Angstrom. */
export const FINE_BINS = 1556;
const MOST_KEPT = 400;
const spectra = new Map();

/** The binned spectrum of a galaxy, which is requested once; `now` does not wait for others. */
export function loadSpectrum(targetId, index, { now = false, bins = BINS } = {}) {
  const key = `${index} ${targetId} ${bins}`;
  if (!spectra.has(key)) {
    if (spectra.size >= MOST_KEPT) spectra.delete(spectra.keys().next().value);
    const entry = queued((signal) => spectrum(targetId, index, bins, { signal }));
    entry.promise.catch(() => spectra.delete(key));
    spectra.set(key, entry);
  }
  const entry = spectra.get(key);
  if (now) entry.start();
  return entry.promise;
}

/** The thumbnail of a galaxy, or a box that says that there is none; `now` does not wait for others. */
export function thumbnailView(galaxy, index, size, { available, now = false }) {
  const box = element("div", { class: "thumbnail" });
  if (!available || galaxy.has_image === false) return blank(box, "no image");
  const image = element("img", { alt: `Image of ${galaxy.target_id}`, width: size, height: size });
  image.addEventListener("load", () => URL.revokeObjectURL(image.src));
  fill(box, image);
  return whenSeen(box, async () => {
    try {
      const load = queued((signal) => thumbnail(galaxy.target_id, index, 2 * size, { signal }));
      if (now) load.start();
      image.src = URL.createObjectURL(await load.promise);
    } catch (error) {
      if (error.name !== "AbortError") blank(box, "no image");
    }
  });
}

/**
 * The spectrum of a galaxy with lines at its redshift.
 *
 * `query` is the query galaxy whose spectrum is drawn behind it; null draws none.
 */
export function sparklineView(galaxy, index, { available, query = null }) {
  const box = element("div", { class: "sparkline" });
  if (!available || galaxy.has_spectrum === false) return blank(box, "no spectrum");
  const z = isNumber(galaxy.z) ? ` at z ${fixed(galaxy.z, 4)}` : "";
  const canvas = element("canvas", { role: "img", "aria-label": `Spectrum of ${galaxy.target_id}${z}` });
  fill(box, canvas);
  box.draw = async () => {
    try {
      const [loaded, other] = await Promise.all([loadSpectrum(galaxy.target_id, index), behind(query, index)]);
      if (canvas.isConnected) drawSparkline(canvas, loaded, galaxy.z ?? NaN, other);
    } catch (error) {
      if (error.name !== "AbortError") blank(box, "no spectrum");
    }
  };
  return whenSeen(box, () => {
    box.dataset.drawn = "";
    box.draw();
  });
}

async function behind(query, index) {
  if (!query || query.has_spectrum === false || !isOverplotted()) return null;
  const loaded = await loadSpectrum(query.target_id, index).catch(() => null);
  return loaded && { spectrum: loaded, z: query.z ?? NaN };
}

/** Draw the spectra that have been seen again, in other colours or of another width. */
export function redrawSparklines() {
  for (const box of document.querySelectorAll(".sparkline[data-drawn]")) box.draw?.();
}

/** A switch that draws the spectrum of the query galaxy behind those of its neighbours. */
export function overplotSwitch() {
  const box = element("input", { type: "checkbox" });
  box.checked = isOverplotted();
  box.addEventListener("change", () => {
    localStorage.setItem(OVERPLOTTED, box.checked ? "yes" : "no");
    redrawSparklines();
  });
  return element("label", { class: "overplot" }, box, " query spectrum");
}

function isOverplotted() {
  return localStorage.getItem(OVERPLOTTED) !== "no";
}

function blank(box, text) {
  box.classList.add("blank");
  box.querySelector("img, canvas")?.remove();
  box.append(text);
  return box;
}

const actions = new WeakMap();
const observer = new IntersectionObserver(
  (entries) => {
    for (const { target } of entries.filter((one) => one.isIntersecting)) {
      observer.unobserve(target);
      actions.get(target)();
    }
  },
  { rootMargin: "200px" },
);

function whenSeen(box, action) {
  actions.set(box, action);
  observer.observe(box);
  return box;
}
