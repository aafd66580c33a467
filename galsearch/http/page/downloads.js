/** Results as files, and texts that reproduce a search: link and command. */

import { button, element } from "./element.js";
import { announce, clearError, showError } from "./messages.js";
import { commandOf } from "./search_words.js";
import { resultFile } from "./service.js";

const FORMATS = {
  csv: "CSV",
  parquet: "Parquet",
  votable: "VOTable",
  ecsv: "ECSV",
  fits: "FITS",
  jsonl: "JSON lines",
};

/** The menu of downloads of a search; `file` is the user's own data of it, `ids` the encircled galaxies. */
export function downloadMenu(words, file, ids) {
  const rows = element("input", { type: "number", id: "download-rows", min: 1, max: 100000, step: 1 });
  rows.value = words.k;
  const save = async (format) => {
    try {
      const { name, blob } = await resultFile({ ...words, k: rows.value || words.k }, format, { file, ids });
      saveAs(name, blob);
      clearError();
      announce(`${name} was downloaded.`);
    } catch (error) {
      showError(error, () => save(format));
    }
  };
  return element(
    "details",
    { class: "menu" },
    element("summary", {}, "Download"),
    element(
      "div",
      { class: "menu-content" },
      element("label", {}, "Neighbours ", rows),
      Object.entries(FORMATS).map(([format, title]) => button(title, () => save(format))),
    ),
  );
}

/** The menu with a link and a command line for a search. */
export function reproduceMenu(words) {
  const command = commandOf(words);
  return element(
    "details",
    { class: "menu" },
    element("summary", {}, "Reproduce"),
    element(
      "div",
      { class: "menu-content wide" },
      words.file && element("p", { class: "dim" }, "The link does not hold your file; it asks for it."),
      words.lasso && element("p", { class: "dim" }, "The command searches among all galaxies, not only the encircled ones."),
      button("Copy link", () => copy(location.href, "The link")),
      button("Copy command", () => copy(command, "The command")),
      element("code", { class: "command" }, command),
    ),
  );
}

/** Put a text on the clipboard, and say so. */
export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    announce(`${what} is on the clipboard.`);
  } catch {
    announce(`${what} could not be copied: ${text}`);
  }
}

function saveAs(name, blob) {
  const address = URL.createObjectURL(blob);
  const link = element("a", { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
