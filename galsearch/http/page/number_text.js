/** Numbers as astronomers read them. */

const MISSING = "–";

/** A number with a fixed count of decimals, with a proper minus sign. */
export function fixed(value, decimals) {
  if (!isNumber(value)) return MISSING;
  return value.toFixed(decimals).replace("-", "−");
}

/** A number with a sign. */
export function signed(value, decimals) {
  if (!isNumber(value)) return MISSING;
  return (value < 0 ? "" : "+") + fixed(value, decimals);
}

/** A count with thousands separated. */
export function count(value) {
  return isNumber(value) ? value.toLocaleString("en") : MISSING;
}

/** Any value of the catalogue, for a table. */
export function cell(value) {
  if (value === null || value === undefined) return MISSING;
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "number") return String(value);
  if (Number.isInteger(value)) return String(value).replace("-", "−");
  return String(Number(value.toPrecision(7))).replace("-", "−");
}

/** A duration in words. */
export function duration(seconds) {
  if (!isNumber(seconds)) return "";
  return seconds < 1 ? `${Math.max(1, Math.round(seconds * 1000))} ms` : `${fixed(seconds, 1)} s`;
}

/** True for a finite number. */
export function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}
