// Panning and zooming of a focused chart by keys.

const PAN = 0.1; // of the visible range
const PAN_FAST = 0.5;
const ZOOM = 1.25;

/** Move `chart` by the arrow keys, + and −; 0 shows all of it. */
export function attachKeys(element, chart) {
  element.addEventListener("keydown", (event) => {
    if (event.target !== element || event.ctrlKey || event.metaKey || event.altKey) return;
    const move = moveOf(event);
    if (!move) return;
    event.preventDefault();
    move(chart);
  });
}

function moveOf({ key, shiftKey }) {
  const share = shiftKey ? PAN_FAST : PAN;
  const moves = {
    ArrowLeft: (chart) => chart.pan(-share),
    ArrowRight: (chart) => chart.pan(share),
    "+": (chart) => chart.zoom(1 / ZOOM),
    "=": (chart) => chart.zoom(1 / ZOOM),
    "-": (chart) => chart.zoom(ZOOM),
    0: (chart) => chart.fit(),
  };
  return Object.hasOwn(moves, key) ? moves[key] : null;
}
