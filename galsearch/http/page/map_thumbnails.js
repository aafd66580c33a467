/** Images of the galaxies in view, once so few are in view that they have room. */

import { element } from "./element.js";
import { thumbnail } from "./service.js";

const SIDE = 56;
const SPACING = 62;
const MOST_IN_VIEW = 1500;
const MOST_SHOWN = 60;
const MOST_KEPT = 300;
const MOST_LOADING = 4;

/** Images over a map; `index` is the name of the index. */
export class MapThumbnails {
  constructor(parent, index) {
    Object.assign(this, { parent, index, kept: new Map(), wanted: [], loading: 0 });
  }

  /** Show images of the galaxies in view, each with a place of its own, or none from afar. */
  show(galaxies, camera) {
    const near = galaxies.countNear(camera.box) <= 20 * MOST_IN_VIEW ? galaxies.inBox(camera.box, MOST_IN_VIEW + 1) : [];
    const rows = near.length && near.length <= MOST_IN_VIEW && isNear(near.length, camera) ? near : [];
    const taken = new Set();
    const shown = [];
    for (const row of rows) {
      const [x, y] = camera.toScreen([galaxies.xy[2 * row], galaxies.xy[2 * row + 1]]);
      const [across, down] = [Math.floor(x / SPACING), Math.floor(y / SPACING)];
      const around = [-1, 0, 1].flatMap((i) => [-1, 0, 1].map((j) => `${across + i} ${down + j}`));
      if (around.some((cell) => taken.has(cell)) || shown.length >= MOST_SHOWN) continue;
      taken.add(`${across} ${down}`);
      shown.push([String(galaxies.ids[row]), x, y]);
    }
    this.place(shown);
  }

  place(shown) {
    const images = shown.map(([id, x, y]) => {
      const image = this.kept.get(id) ?? this.added(id);
      image.style.transform = `translate(${(x - SIDE / 2).toFixed(1)}px, ${(y - SIDE / 2).toFixed(1)}px)`;
      return image;
    });
    const now = new Set(images);
    for (const child of [...this.parent.children]) if (!now.has(child)) child.remove();
    for (const image of images) if (!image.isConnected) this.parent.append(image);
    this.wanted = shown.map(([id]) => id).filter((id) => this.kept.get(id)?.dataset.state === "waiting");
    this.loadNext();
  }

  added(id) {
    const image = element("img", { alt: "", width: SIDE, height: SIDE, data: { state: "waiting", targetId: id } });
    this.kept.set(id, image);
    if (this.kept.size > MOST_KEPT) this.kept.delete(this.kept.keys().next().value);
    return image;
  }

  async loadNext() {
    while (this.loading < MOST_LOADING && this.wanted.length) {
      const id = this.wanted.shift();
      const image = this.kept.get(id);
      if (!image || image.dataset.state !== "waiting") continue;
      image.dataset.state = "loading";
      this.loading++;
      thumbnail(id, this.index, 2 * SIDE)
        .then((blob) => {
          image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
          image.src = URL.createObjectURL(blob);
          image.dataset.state = "loaded";
        })
        .catch(() => (image.dataset.state = "none"))
        .finally(() => {
          this.loading--;
          this.loadNext();
        });
    }
  }
}

/** True where the galaxies in view have as much room as an image takes, on average. */
function isNear(count, camera) {
  return (camera.width * camera.height) / count >= (SIDE * SIDE) / 3;
}
