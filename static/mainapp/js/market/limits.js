// Alerts on a chart: the prices of their limits, the bars of their firings, and the value of a dragged limit.
import { gettext } from "../core/i18n.js";
import { brlPrice, decimal, pct } from "../core/number.js";
import { isIntraday } from "./bars.js";

const DAY_S = 86_400;
const HOUR_S = 3600;
const SPAN_S = { "1d": DAY_S, "1w": 7 * DAY_S, "1mo": 31 * DAY_S };
const MAX_PINS = 3; // at each edge of a chart
const CENT = 0.01;

export const FALLING = new Set(["compra", "change_down_pct"]);

/** Return the name of a limit's line. */
export function limitName(kind) {
  return {
    compra: gettext("Cair até"),
    venda: gettext("Subir até"),
    change_up_pct: gettext("Alta do dia"),
    change_down_pct: gettext("Queda do dia"),
  }[kind];
}

/** Return whether a limit is a change of the day in percent, not a price. */
export function isPercent(kind) {
  return kind.endsWith("_pct");
}

/** Return the lines {kind, price, url, text} of limits; those in percent are skipped without a previous close. */
export function limitLines(limits, previousClose) {
  return limits
    .map(({ kind, price, pct: change, url = null, text = "" }) => ({
      kind,
      url,
      text,
      price: price === undefined ? previousClose * (1 + Number(change) / 100) : Number(price),
    }))
    .filter(({ price }) => Number.isFinite(price));
}

/** Return a limit's value at a price: a decimal string of R$, or of percent of the previous close; at least 0.01. */
export function limitValue(kind, price, previousClose, places = 2) {
  if (!isPercent(kind)) return Math.max(price, 10 ** -places).toFixed(places);
  const change = (price / previousClose - 1) * 100;
  return Math.max(kind === "change_down_pct" ? -change : change, CENT).toFixed(2);
}

/** Return the nearest price that a limit may have: one on a rise stays above the previous close, on a fall below. */
export function limitPrice(kind, price, previousClose, places = 2) {
  const least = previousClose * (CENT / 100);
  if (kind === "change_up_pct") return Math.max(price, previousClose + least);
  return kind === "change_down_pct" ? Math.min(price, previousClose - least) : Math.max(price, 10 ** -places);
}

/** Return the change of the day in percent that a limit would have at a price. */
function changeOf(kind, price, previousClose) {
  const value = Number(limitValue(kind, price, previousClose));
  return kind === "change_down_pct" ? -value : value;
}

/** Return whether a quote has already reached a limit of a kind. */
export function isBeyond(kind, value, quote) {
  const reached = isPercent(kind) ? quote?.change_pct : quote?.price;
  if (reached === null || reached === undefined) return false;
  if (kind === "change_down_pct") return -reached >= Number(value);
  return FALLING.has(kind) ? Number(reached) <= Number(value) : Number(reached) >= Number(value);
}

/** Return the label of a limit's line; one in percent has its `text`. */
export function limitLabel({ kind, text }) {
  return isPercent(kind) ? `${limitName(kind)} ${text}` : limitName(kind);
}

/** Return the label of a line that was moved to a price. */
export function movedLabel(kind, price, previousClose, places = 2) {
  const change = isPercent(kind) && pct(changeOf(kind, price, previousClose).toFixed(2));
  return `${limitName(kind)} ${change || decimal(price.toFixed(places), places)}`;
}

/** Return the words of a limit at a price: "R$ 28,10", or "−2,50% (R$ 28,10)"; points in place of R$ for an index. */
export function limitText(kind, price, previousClose, { isIndex = false, places = 2 } = {}) {
  const text = price.toFixed(places);
  const money = isIndex ? gettext("%(points)s pontos", { points: decimal(text) }) : brlPrice(text);
  return isPercent(kind) ? `${pct(changeOf(kind, price, previousClose).toFixed(2))} (${money})` : money;
}

/** Return [{bar, kind, count}] of the firings within these bars, oldest first. */
export function firingsOnBars(firings, bars, interval) {
  const span = isIntraday(interval) ? HOUR_S : SPAN_S[interval];
  const marks = new Map();
  for (const { time, kind } of firings) {
    const bar = bars.findLast((candidate) => candidate.time <= time);
    if (!bar || time - bar.time >= span) continue;
    const key = `${bar.time} ${kind}`;
    const mark = marks.get(key) ?? { bar, kind, count: 0 };
    mark.count += 1;
    marks.set(key, mark);
  }
  return [...marks.values()].sort((a, b) => a.bar.time - b.bar.time);
}

/**
 * Return the edge of a height at which each line is pinned: "top", "bottom", null for those within, and "hidden"
 * for lines without a place and for the farthest of many at one edge. A line is {y, isHeld}; held ones are shown.
 */
export function pinnedEdges(lines, height) {
  const edges = lines.map(({ y }) => (y === null ? "hidden" : y < 0 ? "top" : y > height ? "bottom" : null));
  for (const edge of ["top", "bottom"]) {
    const rank = (i) => (lines[i].isHeld ? -1 : Math.abs(lines[i].y));
    const pinned = [...edges.keys()].filter((i) => edges[i] === edge).sort((a, b) => rank(a) - rank(b));
    for (const i of pinned.slice(MAX_PINS)) if (!lines[i].isHeld) edges[i] = "hidden";
  }
  return edges;
}

/**
 * Return the places of labels of a height around `wanted`, in the same order, without overlaps and between
 * `from` and `to` as far as they fit.
 */
export function spread(wanted, height, { from, to }) {
  const order = wanted.map((y, i) => i).sort((a, b) => wanted[a] - wanted[b]);
  const places = [...wanted];
  let least = from + height / 2;
  for (const i of order) {
    places[i] = Math.max(wanted[i], least);
    least = places[i] + height;
  }
  let most = to - height / 2;
  for (const i of order.reverse()) {
    if (places[i] > most) places[i] = most;
    most = places[i] - height;
  }
  return places;
}
