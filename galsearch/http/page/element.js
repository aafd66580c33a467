/** Elements of the page. Text becomes text nodes, so that no data can become HTML. */

/**
 * A new element.
 *
 * `properties` holds attributes by name, `class`, `on` with listeners by event, and `data` with
 * data attributes. Attributes that are null, undefined or false are left out. Children are
 * elements or texts; those that are null or false are left out.
 */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) made.addEventListener(event, listener);
    } else if (name === "data") {
      Object.assign(made.dataset, value);
    } else if (value !== null && value !== undefined && value !== false) {
      made.setAttribute(name, value === true ? "" : String(value));
    }
  }
  made.append(...shown(children));
  return made;
}

/** Replace all children of an element. */
export function fill(parent, ...children) {
  parent.replaceChildren(...shown(children));
  return parent;
}

/** A button with a text, which calls `action` when it is pressed. */
export function button(text, action, properties = {}) {
  return element("button", { type: "button", on: { click: action }, ...properties }, text);
}

/** A text for screen readers alone. */
export function unseen(text) {
  return element("span", { class: "unseen" }, text);
}

function shown(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}
