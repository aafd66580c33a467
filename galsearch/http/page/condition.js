/**
 * Conditions on the catalogue (`where`), and the part of them that sliders and chips state.
 *
 * The text of the condition is the only state: sliders and chips are read from its clauses and
 * written back as clauses. Whatever else it holds is kept as it was written.
 */

const NAME = String.raw`(?:[A-Za-z_]\w*|column\('(?:[^'\\]|\\.)*'\))`;
const NUMBER = String.raw`[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?`;
const TEXT = String.raw`'(?:[^'\\]|\\.)*'`;
const BETWEEN = new RegExp(`^(${NUMBER})\\s*<=\\s*(${NAME})\\s*<=\\s*(${NUMBER})$`);
const ONE_SIDED = new RegExp(`^(${NAME})\\s*(<=|>=)\\s*(${NUMBER})$`);
const EQUAL = new RegExp(`^(${NAME})\\s*==\\s*(${TEXT})$`);
const AMONG = new RegExp(`^(${NAME})\\s+in\\s+\\(((?:\\s*${TEXT}\\s*,?)+)\\)$`);
const TRUTH = new RegExp(`^(not\\s+)?(${NAME})$`);

/**
 * The clauses of a condition: `ranges` {name: [low, high]}, `classes` {name: [value, ...]}, and
 * `rest`, the clauses that neither sliders nor chips can show.
 *
 * Only columns of `types` {name: type} become ranges (number, integer) or classes (text, boolean).
 */
export function parseCondition(text, types) {
  const found = { ranges: {}, classes: {}, rest: [] };
  for (const clause of clausesOf(text)) {
    if (!readClause(clause, types, found)) found.rest.push(clause);
  }
  return found;
}

/** The text of a condition from its clauses; what sliders and chips state comes first. */
export function conditionText({ ranges, classes, rest }) {
  const clauses = [];
  for (const [name, [low, high]] of Object.entries(ranges)) {
    const column = columnText(name);
    if (low !== null && high !== null) clauses.push(`${low} <= ${column} <= ${high}`);
    else if (low !== null) clauses.push(`${column} >= ${low}`);
    else if (high !== null) clauses.push(`${column} <= ${high}`);
  }
  for (const [name, values] of Object.entries(classes)) {
    if (values.length) clauses.push(classClause(columnText(name), values));
  }
  const isAlone = !clauses.length && rest.length === 1;
  return [...clauses, ...rest.map((clause) => (isAlone ? clause : grouped(clause)))].join(" and ");
}

function readClause(clause, types, found) {
  let match;
  if ((match = BETWEEN.exec(clause))) {
    return setRange(found, types, columnName(match[2]), Number(match[1]), Number(match[3]));
  }
  if ((match = ONE_SIDED.exec(clause))) {
    const value = Number(match[3]);
    const [low, high] = match[2] === ">=" ? [value, null] : [null, value];
    return setRange(found, types, columnName(match[1]), low, high);
  }
  if ((match = EQUAL.exec(clause))) {
    return setClasses(found, types, columnName(match[1]), [unquoted(match[2])]);
  }
  if ((match = AMONG.exec(clause))) {
    const values = match[2].match(new RegExp(TEXT, "g")).map(unquoted);
    return setClasses(found, types, columnName(match[1]), values);
  }
  if ((match = TRUTH.exec(clause)) && types[columnName(match[2])] === "boolean") {
    return setClasses(found, types, columnName(match[2]), [!match[1]]);
  }
  return false;
}

function setRange(found, types, name, low, high) {
  if (!["number", "integer"].includes(types[name]) || name in found.ranges) return false;
  found.ranges[name] = [low, high];
  return true;
}

function setClasses(found, types, name, values) {
  const wanted = typeof values[0] === "boolean" ? "boolean" : "text";
  if (types[name] !== wanted || name in found.classes) return false;
  found.classes[name] = values;
  return true;
}

function classClause(column, values) {
  if (typeof values[0] === "boolean") {
    if (values.length > 1) return `${column} is not None`;
    return values[0] ? column : `not ${column}`;
  }
  if (values.length === 1) return `${column} == ${quoted(values[0])}`;
  return `${column} in (${values.map(quoted).join(", ")})`;
}

/** Parts of a condition between `and`s outside of brackets and quotes; one part if it has an `or`. */
function clausesOf(text) {
  const parts = [];
  let start = 0;
  let depth = 0;
  let quote = "";
  for (let i = 0; i < text.length; i++) {
    const letter = text[i];
    if (quote) {
      if (letter === "\\") i++;
      else if (letter === quote) quote = "";
    } else if (letter === "'" || letter === '"') quote = letter;
    else if ("([".includes(letter)) depth++;
    else if (")]".includes(letter)) depth--;
    else if (depth === 0 && isWord(text, i, "or")) return [text.trim()];
    else if (depth === 0 && isWord(text, i, "and")) {
      parts.push(text.slice(start, i));
      start = i + 3;
    }
  }
  parts.push(text.slice(start));
  const clauses = parts.map((part) => part.trim());
  if (quote || depth || clauses.some((clause) => !clause)) return text.trim() ? [text.trim()] : [];
  return clauses;
}

function isWord(text, start, word) {
  const end = start + word.length;
  const edge = (letter) => letter === undefined || !/\w/.test(letter);
  return text.slice(start, end) === word && edge(text[start - 1]) && edge(text[end]);
}

/** A clause in brackets if it has an `or` that would bind less than the `and` beside it. */
function grouped(clause) {
  return clausesOf(`${clause} and x`).length === 1 ? `(${clause})` : clause;
}

function columnText(name) {
  return /^[A-Za-z_]\w*$/.test(name) ? name : `column(${quoted(name)})`;
}

function columnName(text) {
  return text.startsWith("column(") ? unquoted(text.slice(7, -1)) : text;
}

function quoted(value) {
  const escaped = value.replace(/\\/g, "\\\\").replace(/'/g, "\\'").replace(/\n/g, "\\n");
  return `'${escaped}'`;
}

function unquoted(text) {
  return text.slice(1, -1).replace(/\\(.)/g, (_, letter) => (letter === "n" ? "\n" : letter));
}
