/** Requests to the service that serves this page. */

import { serviceParameters, serviceWords } from "./search_words.js";

const LONGEST_ADDRESS = 2000;
const TOKEN = "galsearch-token";

/** An answer of the service that is an error, or no answer at all. */
export class ServiceError extends Error {
  constructor({ message, remedy = "", code = "error", status = 0, requestId = "", retryAfter = null }) {
    super(message);
    Object.assign(this, { remedy, code, status, requestId, retryAfter });
  }
}

/** The bytes of the map of a modality, in the levels of a column; see `/v1/map`. */
export async function mapBytes(index, using, column) {
  return (await asked(`v1/map?${inIndex(index, { using, column })}`)).arrayBuffer();
}

/** All catalogue columns of a galaxy. */
export function galaxyColumns(targetId, index) {
  return json(`v1/galaxies/${encodeURIComponent(targetId)}?${inIndex(index, {})}`);
}

/** What the service holds and allows. */
export function describe() {
  return json("v1/describe");
}

/** The neighbours of a search; `file` is the user's own data, `ids` those that may be found. */
export async function query(words, { file = null, ids = null, signal } = {}) {
  return (await sent("v1/query", words, { file, ids, signal })).json();
}

/** A file of the neighbours: {name, blob}. */
export async function resultFile(words, format, { file = null, ids = null } = {}) {
  const answer = await sent("v1/query", words, { file, ids, extra: { format } });
  const disposition = answer.headers.get("Content-Disposition") ?? "";
  const name = /filename="([^"]+)"/.exec(disposition)?.[1] ?? `neighbours.${format}`;
  return { name, blob: await answer.blob() };
}

/** Properties of the query galaxy, estimated from its neighbours. */
export async function estimate(words, property, { signal } = {}) {
  const { index, target_id, using, among } = words;
  const parameters = serviceParameters({ index, target_id, using, among });
  parameters.set("property", property);
  return json(`v1/estimate?${parameters}`, { signal });
}

/** A spectrum in bins. */
export function spectrum(targetId, index, bins, { signal } = {}) {
  return json(`v1/galaxies/${encodeURIComponent(targetId)}/spectrum?${inIndex(index, { bins })}`, { signal });
}

/** A thumbnail as a blob. */
export async function thumbnail(targetId, index, size, { signal } = {}) {
  const address = `v1/galaxies/${encodeURIComponent(targetId)}/thumbnail.png?${inIndex(index, { size })}`;
  return (await asked(address, { signal })).blob();
}

/** Use a token for all further requests of this browser tab. */
export function useToken(token) {
  sessionStorage.setItem(TOKEN, token);
}

function inIndex(index, others) {
  const parameters = new URLSearchParams(others);
  if (index) parameters.set("index", index);
  return parameters;
}

async function json(address, options) {
  return (await asked(address, options)).json();
}

/** A search is sent in the address, in JSON where that is too long, or in a form with a file. */
function sent(address, words, { file, ids, signal, extra = {} }) {
  if (file) {
    const form = new FormData();
    for (const [name, value] of serviceParameters(words)) form.set(name, value);
    for (const [name, value] of Object.entries(extra)) form.set(name, value);
    form.set("file", file, file.name);
    return asked(`${address}/upload`, { method: "POST", body: form, signal });
  }
  const parameters = serviceParameters(words);
  for (const [name, value] of Object.entries(extra)) parameters.set(name, value);
  const full = `${address}?${parameters}`;
  if (full.length <= LONGEST_ADDRESS && !ids) return asked(full, { signal });
  const body = JSON.stringify({ ...serviceWords(words), ...(ids && { ids }) });
  return asked(`${address}?${new URLSearchParams(extra)}`, { method: "POST", body, signal, headers: { "Content-Type": "application/json" } });
}

async function asked(address, { method = "GET", body, signal, headers = {} } = {}) {
  const token = sessionStorage.getItem(TOKEN);
  const all = token ? { ...headers, Authorization: `Bearer ${token}` } : headers;
  let answer;
  try {
    answer = await fetch(address, { method, body, signal, headers: all });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ServiceError({
      message: "The service does not answer.",
      remedy: "Check that `galsearch serve` is running, and the network between.",
      code: "no-answer",
    });
  }
  if (!answer.ok) throw await errorOf(answer);
  return answer;
}

async function errorOf(answer) {
  const told = await answer.json().catch(() => ({}));
  return new ServiceError({
    message: told.message ?? `The service answered with status ${answer.status}.`,
    remedy: told.remedy ?? "",
    code: told.code ?? "error",
    status: answer.status,
    requestId: told.request_id ?? "",
    retryAfter: answer.headers.get("Retry-After"),
  });
}
