/** Filters: sliders for numbers, chips for classes, and the condition that they state. */

import { conditionText, parseCondition } from "./condition.js";
import { button, element, fill, unseen } from "./element.js";
import { count } from "./number_text.js";
import { rangeSlider } from "./range_slider.js";

const FIRST_RANGES = ["z", "mag_r"];
const MOST_CHIPS = 12;
const MOST_GROUPS = 6;
const NO_SLIDER = ["target_id", "ra_deg", "dec_deg"];

/** The filters of one index. `change(where)` is called with the condition that a user has set. */
export class Filters {
  constructor(parent, change) {
    Object.assign(this, { parent, change, columns: [], where: "", facets: {}, added: [] });
  }

  /** Show the columns of an index. */
  setColumns(columns) {
    this.columns = columns;
    this.types = Object.fromEntries(columns.map((column) => [column.name, column.type]));
    this.added = [];
  }

  /** Show a condition, and counts of classes among the neighbours (`facets`). */
  show(where, facets) {
    Object.assign(this, { where: where ?? "", facets: facets ?? {} });
    const focused = this.parent.contains(document.activeElement) ? keyOf(document.activeElement) : null;
    this.parsed = parseCondition(this.where, this.types);
    fill(
      this.parent,
      this.rangeColumns().map((column) =>
        rangeSlider(
          column,
          this.parsed.ranges[column.name] ?? [null, null],
          (range) => this.setRange(column.name, range),
          this.facets[column.name]?.filter((bin) => "from" in bin),
        ),
      ),
      this.classColumns().map((column) => this.chips(column)),
      this.columnChoice(),
      this.conditionField(),
    );
    if (focused) [...this.parent.querySelectorAll("button, input, select, textarea")].find((one) => keyOf(one) === focused)?.focus();
  }

  setRange(name, range) {
    this.parsed.ranges[name] = range;
    this.change(conditionText(this.parsed));
  }

  toggleClass(name, value) {
    const values = this.parsed.classes[name] ?? [];
    this.parsed.classes[name] = values.includes(value) ? values.filter((one) => one !== value) : [...values, value];
    this.change(conditionText(this.parsed));
  }

  rangeColumns() {
    const wanted = [...FIRST_RANGES, ...this.added, ...Object.keys(this.parsed.ranges)];
    const names = [...new Set(wanted)];
    return names.map((name) => this.columns.find((column) => column.name === name && isNumeric(column))).filter(Boolean);
  }

  classColumns() {
    const limited = this.columns.filter(({ values, name }) => {
      const known = (values ?? []).filter(({ value }) => value !== null);
      return name in this.parsed.classes || (known.length > 1 && known.length <= MOST_CHIPS);
    });
    return limited.slice(0, MOST_GROUPS);
  }

  chips(column) {
    const chosen = this.parsed.classes[column.name] ?? [];
    const listed = (column.values ?? []).filter(({ value }) => value !== null);
    const missing = chosen.filter((value) => !listed.some((one) => one.value === value));
    const all = [...listed, ...missing.map((value) => ({ value, count: 0 }))];
    return element(
      "fieldset",
      { class: "chips", data: { column: column.name } },
      element("legend", { title: column.description || null }, column.name.replaceAll("_", " ")),
      all.map((item) => this.chip(column, item, chosen.includes(item.value))),
    );
  }

  chip(column, { value, count: total }, pressed) {
    const text = value === true ? "yes" : value === false ? "no" : String(value);
    const facet = this.facets[column.name];
    const here = facet?.find((one) => one.value === value)?.count ?? (facet ? 0 : null);
    const shown = here === null ? count(total) : `${count(here)}/${count(total)}`;
    const told = here === null ? `${count(total)} in the index` : `${count(here)} here, ${count(total)} in the index`;
    const made = button(text, () => this.toggleClass(column.name, value), {
      class: "chip",
      "aria-pressed": String(pressed),
      title: told,
      data: { key: `${column.name}=${text}` },
    });
    made.append(" ", element("small", {}, shown));
    return made;
  }

  columnChoice() {
    const shown = this.rangeColumns().map((column) => column.name);
    const others = this.columns.filter((column) => isNumeric(column) && !shown.includes(column.name));
    if (!others.length) return null;
    const select = element(
      "select",
      { "aria-label": "Add a slider for a column" },
      element("option", { value: "" }, "Add a column…"),
      others.map(({ name }) => element("option", { value: name }, name)),
    );
    select.addEventListener("change", () => {
      this.added.push(select.value);
      const name = select.value;
      this.show(this.where, this.facets);
      this.parent.querySelector(`[data-column="${CSS.escape(name)}"] input`)?.focus();
    });
    return select;
  }

  conditionField() {
    const field = element("textarea", {
      id: "where",
      rows: 3,
      spellcheck: "false",
      autocapitalize: "off",
      placeholder: "0.1 < z < 0.3 and mag_r < 19",
    });
    field.value = this.where;
    const apply = () => field.value.trim() !== this.where && this.change(field.value.trim());
    field.addEventListener("change", apply);
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey) {
        event.preventDefault();
        apply();
      }
    });
    const clear = this.where && button("Clear all", () => this.change(""), { class: "quiet" });
    return element(
      "div",
      { class: "condition" },
      element("label", { for: "where" }, "Condition", unseen(" on the columns of the catalogue")),
      field,
      clear || null,
    );
  }
}

/** What a control is known by when the filters are shown again. */
function keyOf(control) {
  return control.dataset.key ?? control.getAttribute("aria-label") ?? control.id;
}

/** True for a column with numbers that a slider can show, which leaves those beyond 2^53. */
function isNumeric({ type, name, minimum }) {
  return ["number", "integer"].includes(type) && !NO_SLIDER.includes(name) && typeof minimum !== "string";
}
