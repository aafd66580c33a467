/** The colours of a map: 256 levels, of which 0 is an unknown value. */

const NUMBERS = {
  light: ["#440154", "#46327e", "#365c8d", "#277f8e", "#1fa187", "#4ac16d", "#a0c52f", "#e0b81a"],
  dark: ["#5c4bb8", "#4f74d2", "#3f9bd6", "#37bcc0", "#4fd39a", "#90e06a", "#d0e04c", "#ffe98a"],
};
const CLASSES = {
  light: ["#2f6fb2", "#c65f14", "#1d8250", "#a8326d", "#6c54b0", "#7a5b26", "#1b8494", "#a17f00", "#c0392b", "#52606d", "#87409c", "#3d7a1f"],
  dark: ["#7cb5f0", "#ffae6b", "#66d9a0", "#ff8fc4", "#b8a5ff", "#d9bd88", "#6fdcec", "#ffe07a", "#ff9a8f", "#b6c2cd", "#e0a3f0", "#a5de82"],
};
const UNKNOWN = { light: "#b3b7c0", dark: "#5a5a68" };

/** Colours of the levels as bytes, red, green, blue and opacity of each. */
export function paletteBytes(classes, isDark) {
  const theme = isDark ? "dark" : "light";
  const bytes = new Uint8Array(4 * 256);
  for (let level = 0; level < 256; level++) {
    const colour = level === 0 || (classes && level > CLASSES.light.length) ? bytesOf(UNKNOWN[theme])
      : classes ? bytesOf(CLASSES[theme][level - 1])
      : between(NUMBERS[theme], (level - 1) / 254);
    bytes.set([...colour, 255], 4 * level);
  }
  return bytes;
}

/** Colour of the class of a number from 0, as the style sheet writes it. */
export function classColour(number, isDark) {
  return CLASSES[isDark ? "dark" : "light"][number];
}

function between(stops, share) {
  const place = share * (stops.length - 1);
  const first = Math.min(stops.length - 2, Math.floor(place));
  const [from, to] = [bytesOf(stops[first]), bytesOf(stops[first + 1])];
  return from.map((value, i) => Math.round(value + (to[i] - value) * (place - first)));
}

function bytesOf(text) {
  return [1, 3, 5].map((start) => parseInt(text.slice(start, start + 2), 16));
}
