// Alerts on a chart: their limits as lines, their firings as arrows.
import { createSeriesMarkers } from "../../../vendor/lightweight-charts/lightweight-charts.standalone.production.mjs";
import { gettext } from "../core/i18n.js";

const DAY_S = 86400;
const HOUR_S = 3600;
const FALLING = new Set(["compra", "change_down_pct"]);
const DASHED = 2; // LineStyle.Dashed of lightweight-charts
const NEAR_RATIO = 0.06; // of a price; limits farther away would flatten the bars

/** Return the name of a limit's line. */
function nameOf(kind) {
  return {
    compra: gettext("compra"),
    venda: gettext("venda"),
    change_up_pct: gettext("alta do dia"),
    change_down_pct: gettext("queda do dia"),
  }[kind];
}

/** Return [{kind, price}]; limits in percent are skipped without a previous close. */
export function limitPrices(limits, previousClose) {
  return limits
    .map(({ kind, price, pct }) => ({
      kind,
      price: price === undefined ? previousClose * (1 + Number(pct) / 100) : Number(price),
    }))
    .filter(({ price }) => Number.isFinite(price));
}

/** Return [{bar, kind, count}] of the firings within these bars, oldest first. */
export function firingsOnBars(firings, bars, interval) {
  const span = interval === "1d" ? DAY_S : HOUR_S;
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

/** Draw on a series; `toAxis` turns a bar into its time, `scale` a price into the series' value. */
export function drawMarks(series, { limits, firings }, { color, toAxis, scale }) {
  for (const { kind, price } of limits) {
    series.createPriceLine({
      price: scale(price),
      color,
      lineStyle: DASHED,
      lineWidth: 2,
      axisLabelVisible: true,
      title: nameOf(kind),
    });
  }
  const markers = firings.map(({ bar, kind, count }) => ({
    time: toAxis(bar),
    position: FALLING.has(kind) ? "belowBar" : "aboveBar",
    shape: FALLING.has(kind) ? "arrowUp" : "arrowDown",
    color,
    text: count > 1 ? `${count}×` : "",
  }));
  if (markers.length) createSeriesMarkers(series, markers);
}

/** Widen the price range that a series scales to, so that near limits are visible. */
export function widened(original, prices) {
  const scale = original();
  if (!scale?.priceRange) return scale;
  const { minValue, maxValue } = scale.priceRange;
  const reach = Math.max(maxValue - minValue, Math.abs(maxValue) * NEAR_RATIO);
  const near = prices.filter((price) => price > minValue - reach && price < maxValue + reach);
  const priceRange = {
    minValue: Math.min(minValue, ...near),
    maxValue: Math.max(maxValue, ...near),
  };
  return { ...scale, priceRange };
}
