// Sparklines: drawing and extending the picture of `parts/sparkline.html`.
import { setDirection } from "../core/dom.js";
import { sparkPaths } from "./quotes.js";

const PARTS = ["line", "area", "base"];

/** Draw a day's points [seconds, price] against the previous close; `direction` is up, down or flat. */
export function drawSparkline(svg, points, reference, direction) {
  const paths = sparkPaths(points, reference);
  for (const name of PARTS) svg.querySelector(`.spark-${name}`)?.setAttribute("d", paths[name]);
  setDirection(svg, direction);
}
