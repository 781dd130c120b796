// The small chart of an alert: the day's sparkline, its limits as lines, those off the scale as labels at the edges.
import { direction } from "../core/number.js";
import { priceY } from "../market/quotes.js";
import { drawSparkline, sparklineScale } from "../market/sparkline.js";

/** Return the edge beyond which a price lies on a scale: "above", "below", or "" within. */
export function edgeOf(price, { low, span }) {
  if (price < low) return "below";
  return price > low + span ? "above" : "";
}

/** Draw a day's points and the limits of a chart. */
export function drawChart(box, points, quote) {
  const svg = box.querySelector("svg");
  if (!svg) return;
  const reference = Number.parseFloat(quote.previous_close);
  drawSparkline(svg, points, reference, direction(quote.change_pct));
  const scale = sparklineScale(points, reference);
  const { width, height } = svg.viewBox.baseVal;
  const labels = box.querySelectorAll("[data-edge]");
  svg.querySelectorAll(".spark-level").forEach((level, i) => {
    const price = Number(level.dataset.level);
    const edge = edgeOf(price, scale);
    level.setAttribute("d", edge ? "" : `M0 ${priceY(price, scale, height)}H${width}`);
    labels[i].dataset.edge = edge;
  });
}
