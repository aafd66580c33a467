/** The words of a search: those of `galsearch query`, of the service and of the page's address. */

const LISTS = ["like", "unlike"];
const NUMBERS = ["radius", "k", "min_similarity", "exclude_within", "diversity"];
const INPUTS = ["target_id", "position", "name", "like", "file"];
const SERVICE_WORDS = [
  "index", "target_id", "position", "radius", "name", "like", "unlike", "using", "among", "k",
  "min_similarity", "exclude_within", "one_per", "diversity", "within", "exact", "where",
];
const PAGE_WORDS = ["file", "lasso", "show", "estimate"];

/** The words in the address of the page; lists are separated by commas. */
export function wordsOfAddress(query) {
  const parameters = new URLSearchParams(query);
  const words = {};
  for (const name of [...SERVICE_WORDS, ...PAGE_WORDS]) {
    const text = parameters.get(name);
    if (text) words[name] = LISTS.includes(name) ? text.split(",").filter(Boolean) : text;
  }
  return words;
}

/** The address of a search, relative to the page. */
export function addressOfWords(words) {
  const text = parametersOf(words, [...SERVICE_WORDS, ...PAGE_WORDS]).toString();
  return text ? `?${text.replaceAll("%2C", ",")}` : location.pathname;
}

/** The parameters with which the service is asked. */
export function serviceParameters(words) {
  return parametersOf(words, SERVICE_WORDS);
}

/** The words for the service as an object with lists and numbers. */
export function serviceWords(words) {
  const kept = SERVICE_WORDS.filter((name) => isGiven(words[name]));
  return Object.fromEntries(kept.map((name) => [name, valueOf(name, words[name])]));
}

/** The word for what a user typed: a TARGETID, a position, or the name of a galaxy. */
export function inputOfText(text) {
  const typed = text.trim();
  if (!typed) return {};
  if (/^\d+$/.test(typed)) return { target_id: typed };
  if (/^[+\-−]?[\d.]+[\d.:hms°d'"′″+\-−,\s]*$/i.test(typed) && /[\s,]/.test(typed)) {
    return { position: typed.replaceAll("−", "-") };
  }
  return { name: typed };
}

/** Words with another input in place of the one they had. */
export function withInput(words, input) {
  const others = Object.entries(words).filter(
    ([name]) => ![...INPUTS, "unlike", "show", "estimate", "radius"].includes(name),
  );
  return { ...Object.fromEntries(others), ...input };
}

/** True where the words say what to search for. */
export function hasInput(words) {
  return INPUTS.some((name) => isGiven(words[name]));
}

/** True where two searches have the same answer. */
export function sameSearch(one, other) {
  const same = (name) => one[name] === other[name];
  return serviceParameters(one).toString() === serviceParameters(other).toString() && same("file") && same("lasso");
}

/** The same search as a command line. */
export function commandOf(words) {
  const parts = ["galsearch query"];
  for (const [name, value] of Object.entries(serviceWords(words))) {
    if (name === "index") continue;
    const flag = name === "k" ? "-k" : `--${name.replaceAll("_", "-")}`;
    if (name === "exact") parts.push(flag);
    else if (name === "within") parts.push(`${flag} ${value.join(" ")}`);
    else parts.push(`${flag} ${shellText(Array.isArray(value) ? value.join(",") : value)}`);
  }
  if (words.file) parts.push(`--${words.using === "spectrum" ? "spectrum" : "image"} ${shellText(words.file)}`);
  return parts.join(" ");
}

function parametersOf(words, names) {
  const parameters = new URLSearchParams();
  for (const name of names) {
    if (!isGiven(words[name])) continue;
    parameters.set(name, Array.isArray(words[name]) ? words[name].join(",") : words[name]);
  }
  return parameters;
}

function valueOf(name, value) {
  if (NUMBERS.includes(name)) return Number(value);
  if (name === "within") return value.split(",").map(Number);
  return name === "exact" ? value === "true" : value;
}

function isGiven(value) {
  return value !== undefined && value !== null && value !== "" && (!Array.isArray(value) || value.length > 0);
}

function shellText(value) {
  const text = String(value);
  return /^[\w.,:/+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
