// Sparklines: drawing and extending the picture of `parts/sparkline.html`.
import { setDirection } from "../core/dom.js";
import { priceScale, sparkPaths } from "./quotes.js";

const PARTS = ["line", "area", "base"];
const MIN_SHARE = 0.015; // of the price: the least range of a scale; a quiet day looks quiet
const MAX_POINTS = 48;
const SLOTS_S = [300, 600, 900, 1800, 3600];

/** Draw a day's points [seconds, price] against the previous close; `direction` is up, down or flat. */
export function drawSparkline(svg, points, reference, direction) {
  const paths = sparklinePaths(points, reference);
  for (const name of PARTS) svg.querySelector(`.spark-${name}`)?.setAttribute("d", paths[name]);
  setDirection(svg, direction);
}

/** Return the paths of a day's points, thinned, on a scale of at least MIN_SHARE; like `spark_paths` of rendering.py. */
export function sparklinePaths(points, reference) {
  return sparkPaths(thin(points), reference, { minSpan: minSpan(points, reference) });
}

/** Return the scale of these paths, like `priceScale`. */
export function sparklineScale(points, reference) {
  return priceScale(thin(points), reference, minSpan(points, reference));
}

function minSpan(points, reference) {
  return (Number.isFinite(reference) ? reference : points.at(-1)?.[1]) * MIN_SHARE;
}

/** Return the first point and the last one of each slot: slots do not move while points are added. */
function thin(points) {
  if (points.length < 2) return points;
  const duration = points.at(-1)[0] - points[0][0];
  const slot = SLOTS_S.find((size) => duration <= size * MAX_POINTS) ?? SLOTS_S.at(-1);
  const slotOf = (i) => Math.floor(points[i][0] / slot);
  const isKept = (i) => i === 0 || i === points.length - 1 || slotOf(i) !== slotOf(i + 1);
  return points.filter((_point, i) => isKept(i));
}
