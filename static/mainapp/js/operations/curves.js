// The curves of the last hour, one point per minute: `operations/_curve.html`.
import { part, setText } from "../core/dom.js";
import { gettext } from "../core/i18n.js";
import { decimal } from "../core/number.js";

export const WIDTH = 600;
export const HEIGHT = 120;
const HOUR_MS = 3_600_000;
const GAP_MS = 90_000; // a longer gap between samples interrupts the line
const TOP = 0.05; // share of the height that stays free above the highest point

/** Names of a sample's values, which follow its minute. */
const CURVES = ["sockets", "online", "messages", "firings", "outbox", "batch_age_s"];

/** Draw all curves below `root` from samples [minute, …values]; `at` is the server's time, ISO. */
export function drawCurves(root, samples, at) {
  const until = Date.parse(at);
  CURVES.forEach((name, index) => {
    const points = samples.map((sample) => [Date.parse(sample[0]), sample[index + 1]]);
    drawCurve(root.querySelector(`[data-curve="${name}"]`), points, until);
  });
}

/** Return the runs of [x, y] between gaps; unknown values are gaps. */
export function runsOf(points, until) {
  const highest = Math.max(1, ...points.map(([, value]) => value ?? 0));
  const runs = [];
  let before = null;
  for (const [time, value] of points) {
    if (value === null) before = null;
    else {
      if (before === null || time - before > GAP_MS) runs.push([]);
      const x = WIDTH * (1 - (until - time) / HOUR_MS);
      runs.at(-1).push([x, HEIGHT * (1 - (value / highest) * (1 - TOP))]);
      before = time;
    }
  }
  return runs;
}

function drawCurve(figure, points, until) {
  const runs = runsOf(points, until);
  figure.querySelector(".dashboard-line").setAttribute("d", runs.map(lineOf).join(""));
  figure.querySelector(".dashboard-area").setAttribute("d", runs.map(areaOf).join(""));
  const values = points.map(([, value]) => value).filter((value) => value !== null);
  const newest = points.at(-1)?.[1] ?? null;
  setText(part(figure, "newest"), whole(newest));
  const range = values.length
    ? gettext("de %(low)s a %(high)s em %(count)s min", {
        low: whole(Math.min(...values)),
        high: whole(Math.max(...values)),
        count: values.length,
      })
    : gettext("sem amostras");
  setText(part(figure, "range"), range);
}

/** A line of one point is drawn as a dot. */
function lineOf(run) {
  return `M${run.map(place).join("L")}${run.length === 1 ? "h0.01" : ""}`;
}

function areaOf(run) {
  return `M${run[0][0].toFixed(1)} ${HEIGHT}L${run.map(place).join("L")}V${HEIGHT}Z`;
}

function place([x, y]) {
  return `${x.toFixed(1)} ${y.toFixed(1)}`;
}

export function whole(value) {
  return decimal(value === null ? null : String(value), 0);
}
