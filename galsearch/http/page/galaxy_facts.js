/** What the catalogue says of a galaxy: its brightness, its classes and reasons for caution. */

import { fixed, isNumber } from "./number_text.js";

const OWN = ["rank", "similarity", "links", "target_id", "separation_arcsec"];
const QUALITY = /^(image|spectrum)_(band_missing|centre_masked|pixels_filled|arm_missing|partly_masked|depth_unusual|class_unusual)$/;

/** The r magnitude, or the first other one that is known: {name, value}. */
export function brightness(galaxy) {
  const names = ["mag_r", ...Object.keys(galaxy).filter((name) => name.startsWith("mag_"))];
  const name = names.find((one) => isNumber(galaxy[one]));
  return name ? { name, value: galaxy[name] } : null;
}

/** Short sentences on why the neighbour or its embedding deserves less trust. */
export function flagsOf(galaxy) {
  const flags = [];
  if (isNumber(galaxy.zwarn) && galaxy.zwarn !== 0) flags.push(`zwarn ${galaxy.zwarn}`);
  const reasons = Object.keys(galaxy).filter((name) => QUALITY.test(name) && galaxy[name] === true);
  flags.push(...reasons.map((name) => name.replaceAll("_", " ")));
  if (!reasons.length) {
    for (const kind of ["image", "spectrum"]) {
      if (galaxy[`${kind}_quality`]) flags.push(`${kind} quality ${galaxy[`${kind}_quality`]}`);
    }
  }
  return flags;
}

/** The class of the spectrum and the like, short enough for a card. */
export function classesOf(galaxy) {
  return ["spectype", "morphology", "class", "survey_class"]
    .map((name) => galaxy[name])
    .filter((value) => typeof value === "string" && value);
}

/** Position in degrees. */
export function positionText(galaxy) {
  if (!isNumber(galaxy.ra_deg) || !isNumber(galaxy.dec_deg)) return "";
  const dec = (galaxy.dec_deg < 0 ? "" : "+") + fixed(galaxy.dec_deg, 5);
  return `${fixed(galaxy.ra_deg, 5)} ${dec}`;
}

/** Columns of the catalogue for a table: [name, value]. */
export function catalogueOf(galaxy) {
  return Object.entries(galaxy).filter(
    ([name, value]) => !OWN.includes(name) && !name.startsWith("_") && (value === null || typeof value !== "object"),
  );
}
