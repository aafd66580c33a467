/** The page: one search at a time, whose words are the address of the page. */

import { showCards, handleCardKeys, updateMarks } from "./cards.js";
import { Detail } from "./detail.js";
import { downloadMenu, reproduceMenu } from "./downloads.js";
import { button, element, fill } from "./element.js";
import { Examples } from "./examples.js";
import { Filters } from "./filters.js";
import { setUpIndexChoice } from "./index_choice.js";
import { MapPanel } from "./map_panel.js";
import { overplotSwitch, redrawSparklines } from "./galaxy_view.js";
import { setUpKeyboard } from "./keyboard.js";
import { announce, clearError, showError } from "./messages.js";
import { abandonPictures } from "./picture_queue.js";
import { count, duration } from "./number_text.js";
import { showQuery } from "./query_galaxy.js";
import { SearchForm } from "./search_form.js";
import { addressOfWords, hasInput, sameSearch, withInput, wordsOfAddress } from "./search_words.js";
import { describe, query } from "./service.js";
import { onThemeChange, setUpTheme } from "./theme.js";
import { requestToken } from "./token.js";
import { showWelcome } from "./welcome.js";

const MOST_ANSWERS = 20;
const MOST_NEIGHBOURS = 1000;
const $ = (id) => document.getElementById(id);

class Page {
  constructor(service) {
    this.service = service;
    this.words = {};
    this.answer = null;
    this.answers = new Map();
    this.files = new Map();
    this.form = new SearchForm((words, file) => this.search(words, { file }));
    this.filters = new Filters($("filters"), (where) => this.setFilter({ where }));
    const actions = {
      open: (id) => this.open(id),
      close: () => this.open(null),
      search: (id) => this.searchFrom(id),
      mark: (id, kind) => this.examples.toggle(id, kind),
      markOf: (id) => this.examples.markOf(id),
      estimated: (property) => this.setAddress({ ...this.words, estimate: property }, { replace: true }),
    };
    this.actions = actions;
    this.detail = new Detail($("detail"), actions);
    this.examples = new Examples($("examples"), {
      refine: (like, unlike) => this.search(withInput(this.words, { like, unlike })),
      changed: () => this.updateMarks(),
    });
    this.map = new MapPanel($("map"), $("map-toggle"), { ...actions, select: (lasso) => this.setFilter({ lasso }) });
    handleCardKeys($("cards"), actions);
    setUpIndexChoice($("index"), service.indexes, (name) => this.setIndex(name));
    window.addEventListener("popstate", () => this.load());
    onThemeChange(redrawSparklines);
    window.addEventListener("resize", redrawSparklines);
  }

  get index() {
    return this.service.indexes.find(({ name }) => name === this.words.index) ?? this.service.indexes[0];
  }

  /** Show the search of the address. */
  async load() {
    const words = wordsOfAddress(location.search);
    const again = this.answer && sameSearch(words, this.words);
    this.setWords(words);
    if (!hasInput(words)) this.clear();
    else if (again) this.showShown();
    else await this.run();
  }

  /** Search, and make the search the address of the page. */
  search(words, { file = null } = {}) {
    const kept = { ...words, index: words.index || this.index.name };
    delete kept.show;
    if (file) this.files.set(file.name, file);
    this.setAddress(kept);
    this.setWords(kept);
    return this.run({ fresh: Boolean(file) });
  }

  setAddress(words, { replace = false } = {}) {
    history[replace ? "replaceState" : "pushState"](null, "", addressOfWords(words));
    if (replace) this.words = words;
  }

  setWords(words) {
    const before = this.columnsOf;
    this.words = words;
    $("index").value = this.index.name;
    this.form.show(words);
    if (before !== this.index.name) {
      this.columnsOf = this.index.name;
      this.form.setIndex(this.index);
      this.filters.setColumns(this.index.columns);
      this.map.setIndex(this.index, this.service.limits);
      this.showIndexFacts();
    }
    this.filters.show(words.where, null);
  }

  async run({ fresh = false } = {}) {
    this.running?.abort();
    abandonPictures();
    const running = new AbortController();
    this.running = running;
    const { words } = this;
    const file = words.file ? this.files.get(words.file) : null;
    clearError();
    if (words.file && !file) {
      this.clear();
      announce(`This search needs your file ${words.file}: drop it here again.`);
      return;
    }
    const key = addressOfWords({ ...words, show: null, estimate: null });
    $("cards").setAttribute("aria-busy", "true");
    try {
      const ids = (this.ids = await this.map.idsOf(words));
      const answer = (!fresh && this.answers.get(key)) || (await query(words, { file, ids, signal: running.signal }));
      if (running.signal.aborted) return;
      this.keep(key, answer);
      this.show(answer);
    } catch (error) {
      if (error.name === "AbortError") return;
      if (error.status === 401 && (await requestToken())) return this.run();
      this.clear({ keepQuery: true });
      announce("");
      showError(error, () => this.run());
    } finally {
      if (this.running === running) $("cards").removeAttribute("aria-busy");
    }
  }

  keep(key, answer) {
    this.answers.delete(key);
    this.answers.set(key, answer);
    if (this.answers.size > MOST_ANSWERS) this.answers.delete(this.answers.keys().next().value);
  }

  show(answer) {
    this.answer = answer;
    const { words, index } = this;
    if (answer.using && !words.using) this.form.show({ ...words, using: answer.using });
    $("welcome").hidden = true;
    $("toolbar").hidden = false;
    this.examples.setSearch(words, index, answer.query.target_id);
    showQuery($("query"), words, answer, index, this.actions);
    this.filters.show(words.where, answer.facets);
    const n = answer.neighbours.length;
    const plural = { image: "images", spectrum: "spectra", both: "images and spectra" }[answer.among] ?? answer.among;
    $("result-title").textContent = `${count(n)} most similar ${plural}`;
    announce(n ? `found in ${duration(answer.seconds)}` : "no galaxy fulfils the condition");
    const overplot = answer.query.target_id && index.spectra && overplotSwitch();
    fill($("menus"), overplot, downloadMenu(words, this.files.get(words.file), this.ids), reproduceMenu(words));
    fill($("notes"), (answer.notes ?? []).map((note) => element("li", {}, note)));
    showCards($("cards"), answer, index, this.actions);
    this.map.showAnswer(answer);
    this.showMoreButton(n);
    this.showShown();
    this.updateMarks();
    document.title = `${answer.query.target_id ?? words.file ?? "examples"} – galsearch`;
  }

  showMoreButton(n) {
    const k = Number(this.words.k) || n;
    const more = Math.min(2 * k, MOST_NEIGHBOURS);
    const possible = n >= k && more > k;
    fill($("more-results"), possible && button(`Show ${more} neighbours`, () => this.search({ ...this.words, k: String(more) })));
  }

  /** Take the results off the page. */
  clear({ keepQuery = false } = {}) {
    this.answer = null;
    this.map.showAnswer(null);
    this.detail.hide();
    for (const id of ["cards", "notes", "menus", "more-results", "result-title"]) fill($(id));
    $("query").hidden = true;
    $("toolbar").hidden = !keepQuery;
    if (keepQuery) return;
    $("examples").hidden = true;
    this.examples.clear();
    announce("");
    document.title = "galsearch";
    showWelcome($("welcome"), this.service, this.index, this.actions);
    $("welcome").hidden = false;
  }

  /** Show the details of a galaxy, or none. */
  open(targetId) {
    const before = this.words.show;
    this.setAddress({ ...this.words, show: targetId }, { replace: true });
    this.showShown({ focus: true });
    if (!targetId) document.querySelector(`#cards li[data-target-id="${CSS.escape(before ?? "")}"] .card-open`)?.focus();
  }

  showShown({ focus = false } = {}) {
    const wanted = this.words.show;
    const galaxies = this.answer ? [this.answer.query, ...this.answer.neighbours] : [];
    const galaxy = wanted && galaxies.find(({ target_id: id }) => id === wanted);
    if (!galaxy) this.detail.hide();
    else if (this.detail.shown !== wanted) {
      const heading = this.detail.show(galaxy, this.answer, this.index);
      if (focus) heading.focus({ preventScroll: true });
    }
    this.updateMarks();
    requestAnimationFrame(redrawSparklines);
  }

  updateMarks() {
    updateMarks($("cards"), (id) => this.examples.markOf(id), this.words.show);
    this.detail.updateMarks();
  }

  searchFrom(targetId) {
    this.search(withInput(this.form.current(), { target_id: targetId }));
    window.scrollTo({ top: 0 });
  }

  /** Search with another condition (`where`) or another part of the map (`lasso`). */
  setFilter(filter) {
    const words = { ...this.words, ...(hasInput(this.words) ? {} : this.form.current()), ...filter };
    if (hasInput(words)) this.search(words);
    else {
      this.setWords(words);
      this.map.idsOf(words).catch((error) => showError(error));
    }
  }

  setIndex(name) {
    const words = { ...this.form.current(), index: name, where: "", lasso: null };
    if (hasInput(words)) this.search(words);
    else this.setWords(words);
  }

  showIndexFacts() {
    $("index-facts").textContent = `${count(this.index.galaxies)} galaxies`;
  }
}

async function start() {
  setUpTheme($("theme"));
  setUpKeyboard();
  const wide = matchMedia("(min-width: 60rem)");
  const panel = () => ($("filter-panel").open = wide.matches);
  wide.addEventListener("change", panel);
  panel();
  try {
    await new Page(await describe()).load();
  } catch (error) {
    if (error.status === 401 && (await requestToken())) return start();
    showError(error, () => location.reload());
  }
}

start();
