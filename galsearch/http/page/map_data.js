/** The galaxies of a map, sorted into tiles, so that those in view are found without the others. */

const ENDIAN_MAGIC = "GSM1";
const KINDS = { int64: BigInt64Array, uint16: Uint16Array, uint8: Uint8Array };
const TILES = 64;
const TILE_BITS = 10;
/** Positions are whole numbers from 0 to this; y grows upwards. */
export const LAST = 65535;

/** The parts of the bytes that `/v1/map` sends: its facts (`head`) and an array of each name. */
export function decodeMap(buffer) {
  if (new TextDecoder().decode(new Uint8Array(buffer, 0, 4)) !== ENDIAN_MAGIC) throw new Error("This is not a map.");
  const length = new DataView(buffer).getUint32(4, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const arrays = {};
  let at = 8 + length;
  for (const [name, kind] of head.arrays) {
    arrays[name] = new KINDS[kind](buffer, at, head.shown);
    at += arrays[name].byteLength;
  }
  return { head, ...arrays };
}

/** Galaxies in order of their tiles: positions `xy`, `level` and `ids`, and where tiles begin. */
export class MapGalaxies {
  constructor({ x, y, level, target_id: ids }) {
    const n = (this.n = ids.length);
    const tile = new Uint16Array(n);
    const starts = (this.starts = new Uint32Array(TILES * TILES + 1));
    for (let i = 0; i < n; i++) {
      tile[i] = (y[i] >> TILE_BITS) * TILES + (x[i] >> TILE_BITS);
      starts[tile[i] + 1]++;
    }
    for (let i = 0; i < TILES * TILES; i++) starts[i + 1] += starts[i];
    const next = starts.slice();
    let [x0, y0, x1, y1] = [LAST, LAST, 0, 0];
    this.xy = new Uint16Array(2 * n);
    this.level = new Uint8Array(n);
    this.ids = new BigInt64Array(n);
    for (let i = 0; i < n; i++) {
      const place = next[tile[i]]++;
      this.xy[2 * place] = x[i];
      this.xy[2 * place + 1] = y[i];
      this.level[place] = level[i];
      this.ids[place] = ids[i];
      x0 = Math.min(x0, x[i]);
      x1 = Math.max(x1, x[i]);
      y0 = Math.min(y0, y[i]);
      y1 = Math.max(y1, y[i]);
    }
    this.bounds = n ? [x0, y0, x1, y1] : [0, 0, LAST, LAST];
  }

  /** Ranges [first, end) of the galaxies in the tiles that a box [x0, y0, x1, y1] touches. */
  ranges([x0, y0, x1, y1]) {
    const [left, bottom, right, top] = [x0, y0, x1, y1].map(tileOf);
    const found = [];
    if (x1 < 0 || y1 < 0 || x0 > LAST || y0 > LAST) return found;
    for (let row = bottom; row <= top; row++) {
      const first = this.starts[row * TILES + left];
      const end = this.starts[row * TILES + right + 1];
      if (end === first) continue;
      if (found.length && found.at(-1)[1] === first) found.at(-1)[1] = end;
      else found.push([first, end]);
    }
    return found;
  }

  /** Number of galaxies in the tiles that a box touches. */
  countNear(box) {
    return this.ranges(box).reduce((sum, [first, end]) => sum + end - first, 0);
  }

  /** Rows of the galaxies in a box, at most `most` of them. */
  inBox(box, most = Infinity) {
    const [x0, y0, x1, y1] = box;
    const rows = [];
    for (const [first, end] of this.ranges(box)) {
      for (let i = first; i < end && rows.length < most; i++) {
        const x = this.xy[2 * i];
        const y = this.xy[2 * i + 1];
        if (x >= x0 && x <= x1 && y >= y0 && y <= y1) rows.push(i);
      }
    }
    return rows;
  }

  /** Row of the galaxy nearest to a place, within a radius; -1 where there is none. */
  nearest(x, y, radius) {
    let [best, row] = [radius * radius, -1];
    for (const [first, end] of this.ranges([x - radius, y - radius, x + radius, y + radius])) {
      for (let i = first; i < end; i++) {
        const distance = (this.xy[2 * i] - x) ** 2 + (this.xy[2 * i + 1] - y) ** 2;
        if (distance <= best) [best, row] = [distance, i];
      }
    }
    return row;
  }

  /** Rows of galaxies by TARGETID (texts), for those that the map shows. */
  rowsOf(wanted) {
    const missing = new Set(wanted.map((text) => BigInt(text)));
    const rows = new Map();
    for (let i = 0; i < this.n && missing.size; i++) {
      if (missing.delete(this.ids[i])) rows.set(String(this.ids[i]), i);
    }
    return rows;
  }

  /** TARGETIDs, as texts, of the galaxies inside a polygon of places [[x, y], ...]. */
  inside(polygon) {
    const xs = polygon.map(([x]) => x);
    const ys = polygon.map(([, y]) => y);
    const box = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
    const found = [];
    for (const i of this.inBox(box)) {
      if (isInside(this.xy[2 * i], this.xy[2 * i + 1], polygon)) found.push(String(this.ids[i]));
    }
    return found;
  }
}

/** True where a place lies in a polygon (even-odd rule). */
export function isInside(x, y, polygon) {
  let inside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [xi, yi] = polygon[i];
    const [xj, yj] = polygon[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

function tileOf(value) {
  return Math.min(TILES - 1, Math.max(0, Math.floor(value) >> TILE_BITS));
}
