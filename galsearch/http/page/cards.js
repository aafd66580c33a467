/** The neighbours as a grid of cards, which arrow keys walk through. */

import { button, element, fill } from "./element.js";
import { brightness, classesOf, flagsOf } from "./galaxy_facts.js";
import { sparklineView, thumbnailView } from "./galaxy_view.js";
import { fixed, isNumber, signed } from "./number_text.js";

const THUMBNAIL_PIXELS = 104;

/**
 * Fill a list with a card for each neighbour.
 *
 * `actions` are `open`, `search`, `mark(targetId, kind)` and `markOf(targetId)`.
 */
export function showCards(list, answer, index, actions) {
  fill(list, answer.neighbours.map((galaxy) => card(galaxy, answer, index, actions)));
}

/** Show which cards are examples, and which one is open. */
export function updateMarks(list, markOf, shown) {
  for (const item of list.children) {
    const mark = markOf(item.dataset.targetId);
    item.dataset.mark = mark ?? "";
    item.classList.toggle("shown", item.dataset.targetId === shown);
    for (const control of item.querySelectorAll("[data-kind]")) {
      control.setAttribute("aria-pressed", String(control.dataset.kind === mark));
    }
  }
}

/** Walk through the cards with the arrow keys, and act on the one with the focus. */
export function handleCardKeys(list, actions) {
  list.addEventListener("keydown", (event) => {
    const item = event.target.closest("li");
    if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
    const items = [...list.children];
    const here = items.indexOf(item);
    const across = items.filter((one) => one.offsetTop === items[0].offsetTop).length;
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across, ArrowUp: -across };
    const targetId = item.dataset.targetId;
    if (event.key in steps) items[here + steps[event.key]]?.querySelector(".card-open").focus();
    else if (event.key === "Home") items[0].querySelector(".card-open").focus();
    else if (event.key === "End") items.at(-1).querySelector(".card-open").focus();
    else if (event.key === "s") actions.search(targetId);
    else if (event.key === "+" || event.key === "=") actions.mark(targetId, "like");
    else if (event.key === "-") actions.mark(targetId, "unlike");
    else return;
    event.preventDefault();
  });
}

function card(galaxy, answer, index, actions) {
  const id = galaxy.target_id;
  const heading = element(
    "h3",
    {},
    button(id, () => actions.open(id), { class: "card-open", "aria-label": `${galaxy.rank}: details of ${id}` }),
  );
  const picture = thumbnailView(galaxy, index.name, THUMBNAIL_PIXELS, { available: index.thumbnails });
  picture.addEventListener("click", () => actions.open(id));
  picture.append(element("span", { class: "rank", "aria-hidden": "true" }, String(galaxy.rank)));
  return element(
    "li",
    { class: "card", data: { targetId: id } },
    element("div", { class: "card-top" }, picture, element("div", { class: "card-facts" }, heading, facts(galaxy, answer.query))),
    tags(galaxy),
    sparklineView(galaxy, index.name, { available: index.spectra, query: answer.query.target_id ? answer.query : null }),
    element(
      "div",
      { class: "card-actions" },
      button("Search from here", () => actions.search(id), { "aria-label": `Search from here: ${id}` }),
      markButton("like", "+", `More like ${id}`, id, actions),
      markButton("unlike", "−", `Less like ${id}`, id, actions),
    ),
  );
}

function markButton(kind, sign, label, id, actions) {
  return button(sign, () => actions.mark(id, kind), {
    class: "mark",
    data: { kind },
    title: label,
    "aria-label": label,
    "aria-pressed": "false",
  });
}

function facts(galaxy, query) {
  const rows = [["z", [fixed(galaxy.z, 4), redshiftDifference(galaxy, query)]]];
  const magnitude = brightness(galaxy);
  if (magnitude) rows.push([magnitude.name.replace("mag_", ""), [fixed(magnitude.value, 2), dim(" mag")]]);
  if (isNumber(galaxy.confidence)) rows.push(["confidence", [fixed(galaxy.confidence, 2)]]);
  return [
    element("p", {}, element("b", {}, fixed(galaxy.similarity, 4)), dim(" similarity")),
    element("meter", { min: 0, max: 1, value: Math.max(0, galaxy.similarity), "aria-hidden": "true" }),
    element("dl", {}, rows.map(([name, value]) => [element("dt", {}, name), element("dd", {}, value)])),
  ];
}

function redshiftDifference(galaxy, query) {
  if (!isNumber(query?.z) || !isNumber(galaxy.z)) return null;
  const shown = dim(` ${signed(galaxy.z - query.z, 3)}`);
  shown.title = "Difference to the redshift of the query galaxy";
  return shown;
}

function dim(text) {
  return element("span", { class: "dim" }, text);
}

function tags(galaxy) {
  const classes = classesOf(galaxy).map((text) => element("span", { class: "tag" }, text));
  const flags = flagsOf(galaxy).map((text) =>
    element("span", { class: "tag flag", title: "A reason to trust this galaxy less" }, `⚠ ${text}`),
  );
  return element("p", { class: "tags" }, classes, flags);
}
