/**
 * Requests for pictures and spectra, a few at a time.
 *
 * A browser opens six connections to a server; those that are left answer the next search at once.
 */

const MOST_RUNNING = 4;
const waiting = [];
let running = 0;
let search = new AbortController();

/**
 * A request that waits for its turn: {promise, start}.
 *
 * `load(signal)` makes it. `start` makes it now. A new search gives it up with an AbortError.
 */
export function queued(load) {
  const { signal } = search;
  const entry = {};
  entry.promise = new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    entry.start = () => {
      const place = waiting.indexOf(entry);
      if (place < 0) return;
      waiting.splice(place, 1);
      running++;
      load(signal).then(resolve, reject).finally(() => {
        running--;
        next();
      });
    };
  });
  waiting.push(entry);
  next();
  return entry;
}

/** Give up what was requested for the search before. */
export function abandonPictures() {
  waiting.length = 0;
  search.abort();
  search = new AbortController();
}

function next() {
  while (running < MOST_RUNNING && waiting.length) waiting[0].start();
}
