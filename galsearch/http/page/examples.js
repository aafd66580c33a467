/** Examples and counter-examples, which refine a search. */

import { button, element, fill } from "./element.js";
import { thumbnailView } from "./galaxy_view.js";

/** The marks that a user has set, and the bar that shows them. `refine(like, unlike)` searches. */
export class Examples {
  constructor(parent, { refine, changed }) {
    Object.assign(this, { parent, refine, changed, marks: new Map(), queryId: null, index: null });
  }

  /** The kind of mark of a galaxy: like, unlike or null. */
  markOf(targetId) {
    return this.marks.get(targetId) ?? null;
  }

  /** Set the mark of a galaxy, or take it away where it has this one. */
  toggle(targetId, kind) {
    if (this.marks.get(targetId) === kind) this.marks.delete(targetId);
    else {
      if (!this.marks.size && this.queryId) this.marks.set(this.queryId, "like");
      this.marks.set(targetId, kind);
    }
    this.show();
    this.changed();
  }

  /** Show the marks of a search, and take its query galaxy as the first example of new ones. */
  setSearch(words, index, queryId) {
    if (words.like) {
      this.marks = new Map([
        ...words.like.map((id) => [id, "like"]),
        ...(words.unlike ?? []).map((id) => [id, "unlike"]),
      ]);
    } else if (index !== this.index || queryId !== this.queryId) this.marks = new Map();
    Object.assign(this, { index, queryId });
    this.searched = this.key();
    this.show();
  }

  show() {
    this.parent.hidden = !this.marks.size;
    const like = this.of("like");
    const changed = this.key() !== this.searched;
    fill(
      this.parent,
      element("h2", {}, "Examples"),
      this.list("like", "More like"),
      this.list("unlike", "Less like"),
      element(
        "p",
        { class: "example-actions" },
        button("Refine", () => this.refine(like, this.of("unlike")), {
          class: "primary",
          disabled: !like.length || !changed,
        }),
        button("Clear", () => this.clear(), { class: "quiet" }),
        !like.length && element("span", { class: "dim" }, "Mark one galaxy with + at least."),
      ),
    );
  }

  clear() {
    this.marks.clear();
    this.show();
    this.changed();
  }

  of(kind) {
    return [...this.marks].filter(([, mark]) => mark === kind).map(([id]) => id);
  }

  key() {
    return JSON.stringify([this.of("like").sort(), this.of("unlike").sort()]);
  }

  list(kind, title) {
    const ids = this.of(kind);
    if (!ids.length) return null;
    return element(
      "div",
      { class: "example-list" },
      element("h3", {}, title),
      element("ul", {}, ids.map((id) => this.example(id, kind))),
    );
  }

  example(id, kind) {
    const remove = button("×", () => this.toggle(id, kind), { "aria-label": `Remove example ${id}`, title: "Remove" });
    const picture = thumbnailView({ target_id: id }, this.index.name, 44, { available: this.index.thumbnails });
    return element("li", { class: "example", title: id, data: { kind } }, picture, remove);
  }
}
