/** The galaxy that a user has chosen on the map. */

import { button, element, fill } from "./element.js";
import { thumbnailView } from "./galaxy_view.js";
import { fixed } from "./number_text.js";
import { galaxyColumns } from "./service.js";

const SIDE = 72;

/** The galaxy with its image, redshift, and a button that searches from it. */
export function chosenGalaxy(targetId, index, actions) {
  const facts = element("p", { class: "dim" });
  galaxyColumns(targetId, index.name)
    .then(({ z }) => fill(facts, `z ${fixed(z, 4)}`))
    .catch(() => {});
  return element(
    "div",
    { class: "map-galaxy" },
    thumbnailView({ target_id: targetId }, index.name, SIDE, { available: index.thumbnails, now: true }),
    element("div", {}, element("b", {}, targetId), facts, button("Search from here", () => actions.search(targetId), { "aria-label": `Search from here: ${targetId}` })),
  );
}
