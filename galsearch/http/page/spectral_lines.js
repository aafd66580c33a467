/** Spectral lines with which a reader checks a redshift, and spectra shifted to rest. */

/** Vacuum wavelengths in Angstrom; the same list as `galsearch.render.spectrum_plot`. */
export const LINES_ANGSTROM = {
  "[O II]": 3728.5,
  "Ca H,K": 3952.0,
  "Hβ": 4862.7,
  "[O III]": 5008.2,
  "Mg": 5176.6,
  "Na": 5895.6,
  "Hα": 6564.6,
  "[S II]": 6725.5,
};

const NOISY = 3;

/** Lower and upper limit of the flux axis: continuum and most lines, but not single outliers. */
export function fluxRange(flux) {
  const seen = flux.filter(isMeasured).sort((a, b) => a - b);
  if (!seen.length) return null;
  const at = (share) => seen[Math.min(seen.length - 1, Math.round(share * (seen.length - 1)))];
  const low = Math.min(0, at(0.02));
  const high = Math.max(at(0.998), low + 1e-3);
  return [low - 0.03 * (high - low), high + 0.12 * (high - low)];
}

/** The flux without the bins whose error is much larger than that of most, such as those at an end. */
export function withoutNoise({ flux, error }) {
  const usual = median((error ?? []).filter(isMeasured));
  return flux.map((value, i) => (error?.[i] > NOISY * usual ? null : value));
}

function isMeasured(value) {
  return value !== null && Number.isFinite(value);
}

/**
 * The flux of a spectrum at wavelengths of another one, both at rest, by linear interpolation.
 *
 * Null where it has no measurement. The flux is scaled so that the medians of both agree where
 * they overlap; `scale` is the factor.
 */
export function overplotted(spectrum, z, restWavelength, restFlux) {
  const own = spectrum.wavelength_angstrom.map((wavelength) => wavelength / (1 + z));
  const flux = interpolated(own, withoutNoise(spectrum), restWavelength);
  const both = flux.map((value, i) => value !== null && restFlux[i] !== null);
  const ratio = median(restFlux.filter((_, i) => both[i])) / median(flux.filter((_, i) => both[i]));
  const scale = Number.isFinite(ratio) && ratio > 0 ? ratio : 1;
  return { flux: flux.map((value) => (value === null ? null : value * scale)), scale };
}

function interpolated(x, y, at) {
  let i = 0;
  return at.map((wanted) => {
    while (i < x.length - 2 && x[i + 1] < wanted) i++;
    const [x0, x1, y0, y1] = [x[i], x[i + 1], y[i], y[i + 1]];
    if (!(wanted >= x0 && wanted <= x1) || y0 === null || y1 === null) return null;
    return y0 + ((wanted - x0) / (x1 - x0)) * (y1 - y0);
  });
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
