/** Pictures of galaxies: a thumbnail and a spectrum that load when they come into view. */

import { element, fill } from "./element.js";
import { spectrum, thumbnail } from "./service.js";
import { drawSparkline } from "./sparkline.js";
import { fixed, isNumber } from "./number_text.js";

const BINS = 389;
const MOST_KEPT = 400;
const spectra = new Map();

/** The binned spectrum of a galaxy, which is requested once. */
export function loadSpectrum(targetId, index) {
  const key = `${index} ${targetId}`;
  if (!spectra.has(key)) {
    if (spectra.size >= MOST_KEPT) spectra.delete(spectra.keys().next().value);
    const loading = spectrum(targetId, index, BINS);
    loading.catch(() => spectra.delete(key));
    spectra.set(key, loading);
  }
  return spectra.get(key);
}

/** The thumbnail of a galaxy, or a box that says that there is none. */
export function thumbnailView(galaxy, index, size, { available }) {
  const box = element("div", { class: "thumbnail" });
  if (!available || galaxy.has_image === false) {
    box.classList.add("blank");
    return fill(box, "no image");
  }
  const image = element("img", { alt: `Image of ${galaxy.target_id}`, width: size, height: size, loading: "lazy" });
  const failed = () => {
    box.classList.add("blank");
    fill(box, "no image");
  };
  image.addEventListener("error", failed);
  thumbnail(galaxy.target_id, index, size * 2).then((address) => (image.src = address), failed);
  return fill(box, image);
}

/** The spectrum of a galaxy with lines at its redshift, drawn once it is seen. */
export function sparklineView(galaxy, index, { available }) {
  const box = element("div", { class: "sparkline" });
  if (!available || galaxy.has_spectrum === false) {
    box.classList.add("blank");
    return fill(box, "no spectrum");
  }
  const z = isNumber(galaxy.z) ? ` at z ${fixed(galaxy.z, 4)}` : "";
  const canvas = element("canvas", { role: "img", "aria-label": `Spectrum of ${galaxy.target_id}${z}` });
  box.draw = async () => {
    try {
      const loaded = await loadSpectrum(galaxy.target_id, index);
      if (canvas.isConnected) drawSparkline(canvas, loaded, isNumber(galaxy.z) ? galaxy.z : NaN);
    } catch {
      box.classList.add("blank");
      fill(box, "no spectrum");
    }
  };
  fill(box, canvas);
  whenSeen.observe(box);
  return box;
}

/** Draw the spectra that have been seen again, in other colours or of another width. */
export function redrawSparklines() {
  for (const box of document.querySelectorAll(".sparkline[data-drawn]")) box.draw?.();
}

const whenSeen = new IntersectionObserver(
  (entries) => {
    for (const entry of entries.filter((one) => one.isIntersecting)) {
      whenSeen.unobserve(entry.target);
      entry.target.dataset.drawn = "";
      entry.target.draw();
    }
  },
  { rootMargin: "200px" },
);
