/** The form of a search: what is searched for, in which direction, and how. */

import { element, fill } from "./element.js";
import { hasInput, inputOfText, withInput } from "./search_words.js";

const MODALITIES = { image: "image", spectrum: "spectrum", both: "both" };
const PLURALS = { image: "images", spectrum: "spectra", both: "both" };
const NUMBERS = ["radius", "k", "min_similarity", "exclude_within", "diversity", "within", "one_per"];
const USUAL = { using: "image", among: "image", k: "24" };

/** The form. `search(words, file)` is called when it is sent or a direction is chosen. */
export class SearchForm {
  constructor(search) {
    Object.assign(this, { search, words: { ...USUAL } });
    this.shown = false;
    this.form = document.getElementById("search");
    this.text = document.getElementById("text");
    this.addModalities("using", MODALITIES);
    this.addModalities("among", PLURALS);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.text.addEventListener("input", () => this.showKind());
    document.getElementById("k").addEventListener("change", () => this.resend());
    for (const name of ["min_similarity", "exclude_within", "diversity", "within", "one_per", "exact"]) {
      document.getElementById(name).addEventListener("change", () => this.resend());
    }
    this.setUpFile();
  }

  /** Show the words of a search. */
  show(words) {
    this.words = { ...USUAL, ...words };
    // What was typed while the page was loading stays.
    if (this.shown || hasInput(words)) this.text.value = words.target_id ?? words.position ?? words.name ?? "";
    this.shown = true;
    for (const name of NUMBERS) document.getElementById(name).value = this.words[name] ?? "";
    document.getElementById("exact").checked = this.words.exact === "true";
    for (const group of ["using", "among"]) {
      const chosen = this.form.querySelector(`input[name="${group}"][value="${CSS.escape(this.words[group])}"]`);
      if (chosen) chosen.checked = true;
    }
    this.showKind();
  }

  /** Offer the columns of an index, and the modalities that it has. */
  setIndex(index) {
    const texts = index.columns.filter(({ type }) => type !== "number" && type !== "boolean");
    fill(
      document.getElementById("one_per"),
      element("option", { value: "" }, "–"),
      texts.map(({ name }) => element("option", { value: name }, name)),
    );
    for (const input of this.form.querySelectorAll("input[type=radio]")) {
      const needed = input.value === "both" ? ["image", "spectrum"] : [input.value];
      input.disabled = needed.some((name) => !index.modalities[name]);
    }
  }

  /** The words that the form states now. */
  current() {
    const words = { ...this.words };
    for (const name of NUMBERS) words[name] = document.getElementById(name).value.trim();
    words.within = words.within.split(/[\s,]+/).join(",");
    words.exact = document.getElementById("exact").checked ? "true" : "";
    for (const group of ["using", "among"]) {
      words[group] = this.form.querySelector(`input[name="${group}"]:checked`)?.value ?? USUAL[group];
    }
    const typed = inputOfText(this.text.value);
    const radius = words.radius;
    if (Object.keys(typed).length) return { ...withInput(words, typed), ...(typed.target_id ? {} : { radius }) };
    return words;
  }

  send() {
    if (!this.text.value.trim() && !this.words.like && !this.words.file) {
      this.text.focus();
      return;
    }
    this.search(this.current());
  }

  /** Search again with another direction or option, where there is something to search for. */
  resend() {
    if (this.form.reportValidity() && (this.text.value.trim() || this.words.like || this.words.file)) {
      this.search(this.current());
    }
  }

  showKind() {
    const [kind] = Object.keys(inputOfText(this.text.value));
    const told = { target_id: "TARGETID", position: "position: the nearest galaxy", name: "name: the galaxy at its position" };
    document.getElementById("text-kind").textContent = told[kind] ?? "";
    document.getElementById("radius-field").hidden = kind !== "position" && kind !== "name";
  }

  addModalities(group, names) {
    const parent = document.getElementById(group);
    for (const [value, text] of Object.entries(names)) {
      const input = element("input", { type: "radio", name: group, value, checked: value === USUAL[group] });
      input.addEventListener("change", () => this.resend());
      parent.append(element("label", {}, input, element("span", {}, text)));
    }
  }

  setUpFile() {
    const input = document.getElementById("file");
    input.addEventListener("change", () => {
      if (input.files.length) this.sendFile(input.files[0]);
      input.value = "";
    });
    const drop = document.getElementById("drop");
    const holdsFile = (event) => event.dataTransfer?.types.includes("Files");
    window.addEventListener("dragover", (event) => {
      if (!holdsFile(event)) return;
      event.preventDefault();
      drop.hidden = false;
    });
    window.addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) drop.hidden = true;
    });
    window.addEventListener("drop", (event) => {
      drop.hidden = true;
      if (!holdsFile(event)) return;
      event.preventDefault();
      if (event.dataTransfer.files.length) this.sendFile(event.dataTransfer.files[0]);
    });
  }

  /** Search with the user's own data; the service tells an image from a spectrum. */
  sendFile(file) {
    this.text.value = "";
    const words = withInput(this.current(), { file: file.name });
    delete words.using;
    this.search(words, file);
  }
}
