// The small chart of an alert, drawn by the server: its last point follows the price.

const MARGIN = 2; // as in market/rendering.py
const LAST_POINT = /L([\d.]+) [\d.-]+(?=V|$)/;

/** Move the last point of the line and of the area; a price off the scale stays at its edge. */
export function moveChart(svg, price) {
  if (!svg || !Number.isFinite(price)) return;
  const [bottom, top] = [Number(svg.dataset.bottom), Number(svg.dataset.top)];
  const { height } = svg.viewBox.baseVal;
  const share = (Math.min(Math.max(price, bottom), top) - bottom) / (top - bottom || 1);
  const y = (height - MARGIN - share * (height - 2 * MARGIN)).toFixed(1);
  for (const path of svg.querySelectorAll(".spark-line, .spark-area")) {
    const moved = path.getAttribute("d").replace(LAST_POINT, `L$1 ${y}`);
    if (moved !== path.getAttribute("d")) path.setAttribute("d", moved);
  }
}
