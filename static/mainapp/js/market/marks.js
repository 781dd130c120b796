// Alerts on a chart: their limits as lines, their firings as arrows.
import { createSeriesMarkers } from "../../../vendor/lightweight-charts/lightweight-charts.standalone.production.mjs";
import { gettext } from "./quotes.js";

const DAY_S = 86400;
const HOUR_S = 3600;
const FALLS = new Set(["compra", "change_down_pct"]);
const DASHED = 2;
const NEAR = 0.06; // of a price; what is farther away would flatten the bars

/** What a line and an arrow are called. */
function name(kind) {
  return {
    compra: gettext("compra"),
    venda: gettext("venda"),
    change_up_pct: gettext("alta do dia"),
    change_down_pct: gettext("queda do dia"),
  }[kind];
}

/** Return [{kind, price}] of the limits that have a price; those in percent need the previous close. */
export function limitPrices(limits, previousClose) {
  return limits
    .map(({ kind, price, pct }) => ({
      kind,
      price: price === undefined ? previousClose * (1 + Number(pct) / 100) : Number(price),
    }))
    .filter(({ price }) => Number.isFinite(price));
}

/** Return {bar, kind, count} of the firings that lie on these bars, oldest first. */
export function firingsOnBars(firings, bars, interval) {
  const span = interval === "1d" ? DAY_S : HOUR_S;
  const found = new Map();
  for (const { time, kind } of firings) {
    const bar = bars.findLast((one) => one.time <= time);
    if (!bar || time - bar.time >= span) continue;
    const key = `${bar.time} ${kind}`;
    const mark = found.get(key) ?? { bar, kind, count: 0 };
    mark.count += 1;
    found.set(key, mark);
  }
  return [...found.values()].sort((one, other) => one.bar.time - other.bar.time);
}

/** Draw on a series; `toAxis` turns a bar into its time, `scale` a price into the series' value. */
export function drawMarks(series, { limits, firings }, { color, toAxis, scale }) {
  for (const { kind, price } of limits) {
    series.createPriceLine({
      price: scale(price),
      color,
      lineStyle: DASHED,
      lineWidth: 2,
      axisLabelVisible: true,
      title: name(kind),
    });
  }
  const markers = firings.map(({ bar, kind, count }) => ({
    time: toAxis(bar),
    position: FALLS.has(kind) ? "belowBar" : "aboveBar",
    shape: FALLS.has(kind) ? "arrowUp" : "arrowDown",
    color,
    text: count > 1 ? `${count}×` : "",
  }));
  if (markers.length) createSeriesMarkers(series, markers);
}

/** Widen what a series scales itself to, so that near limits are in sight. */
export function widened(original, prices) {
  const found = original();
  if (!found?.priceRange) return found;
  const { minValue, maxValue } = found.priceRange;
  const reach = Math.max(maxValue - minValue, Math.abs(maxValue) * NEAR);
  const near = prices.filter((price) => price > minValue - reach && price < maxValue + reach);
  const priceRange = {
    minValue: Math.min(minValue, ...near),
    maxValue: Math.max(maxValue, ...near),
  };
  return { ...found, priceRange };
}
