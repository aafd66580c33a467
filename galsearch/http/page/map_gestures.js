/** Hands on a map: dragging, pinching, wheel, keys, and drawing of a lasso. */

const KEY_STEP = 60;
const KEY_ZOOM = 1.5;
const CLICK_PIXELS = 4;
const LASSO_STEP = 5;

/**
 * Listen to an element over a map.
 *
 * `view` has `camera`, `changed()`, `isLasso()`, `lasso(places, isDone)`, `hover(place)`,
 * `choose(place)` and `key(name)`; places are in CSS pixels.
 */
export function handleGestures(surface, view) {
  const hands = new Map();
  let path = null;
  let moved = 0;
  const placeOf = (event) => {
    const box = surface.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  surface.addEventListener("pointerdown", (event) => {
    if (event.button > 0) return;
    surface.setPointerCapture(event.pointerId);
    hands.set(event.pointerId, placeOf(event));
    moved = 0;
    path = view.isLasso() && hands.size === 1 ? [placeOf(event)] : null;
    if (!path) view.lasso(null, false);
  });
  surface.addEventListener("pointermove", (event) => {
    const place = placeOf(event);
    const before = hands.get(event.pointerId);
    if (!before) return view.hover(place);
    moved += distance(before, place);
    if (path) {
      if (distance(path.at(-1), place) >= LASSO_STEP) path.push(place);
      view.lasso(path, false);
    } else if (hands.size === 2) pinch(hands, event.pointerId, place, view);
    else view.camera.pan(place[0] - before[0], place[1] - before[1]);
    hands.set(event.pointerId, place);
    view.changed();
  });
  const release = (event) => {
    if (!hands.delete(event.pointerId)) return;
    const wasLasso = path;
    path = null;
    if (event.type === "pointercancel") view.lasso(null, false);
    else if (moved < CLICK_PIXELS && !hands.size) view.choose(placeOf(event));
    else if (wasLasso) view.lasso(wasLasso, true);
  };
  surface.addEventListener("pointerup", release);
  surface.addEventListener("pointercancel", release);
  surface.addEventListener("pointerleave", () => view.hover(null));
  surface.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 18 : 1;
      view.camera.zoom(Math.exp(-Math.max(-240, Math.min(240, event.deltaY * lines)) / 300), placeOf(event));
      view.changed();
    },
    { passive: false },
  );
  surface.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    if (event.key in steps) view.camera.pan(...steps[event.key].map((sign) => sign * KEY_STEP));
    else if (event.key === "+" || event.key === "=") view.camera.zoom(KEY_ZOOM);
    else if (event.key === "-") view.camera.zoom(1 / KEY_ZOOM);
    else if (event.key === "0") view.camera.showWhole();
    else if (event.key === "Enter") view.choose(null);
    else if (!view.key(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    view.changed();
  });
}

/** Two fingers: their distance magnifies, their middle moves. */
function pinch(hands, moving, place, view) {
  const [other] = [...hands].filter(([id]) => id !== moving).map(([, found]) => found);
  const before = hands.get(moving);
  const middle = (one) => [(one[0] + other[0]) / 2, (one[1] + other[1]) / 2];
  const [from, to] = [middle(before), middle(place)];
  view.camera.pan(to[0] - from[0], to[1] - from[1]);
  view.camera.zoom(distance(place, other) / Math.max(1, distance(before, other)), to);
}

function distance(one, other) {
  return Math.hypot(one[0] - other[0], one[1] - other[1]);
}
