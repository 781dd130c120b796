// The legend of a chart: the values of one bar, of each study there, and of the compared papers.
import { build } from "../core/dom.js";
import { gettext } from "../core/i18n.js";
import { compact, decimal, direction, pct } from "../core/number.js";
import { clock, day } from "../core/time.js";
import { isIntraday } from "./bars.js";
import { otherColor, studyColor } from "./chart-series.js";
import { studyLabel } from "./studies.js";

/** Return the text of a price of `chart`. */
function number(chart, value) {
  const { places } = chart;
  return value === null || value === undefined ? "–" : decimal(value.toFixed(places), places);
}

/** Return the time of a bar in words. */
function barTime({ time }, interval) {
  const moment = time * 1000;
  if (!isIntraday(interval)) return day(moment, { withYear: true });
  return `${day(moment)} ${clock(moment).slice(0, 5)}`;
}

/** Return the elements of the prices of a bar of `chart`. */
export function priceItems(chart, bar) {
  const i = chart.bars.indexOf(bar);
  const before = i > 0 ? chart.bars[i - 1].close : bar.open;
  const change = ((bar.close / before - 1) * 100).toFixed(2);
  const item = (name, value, className = "") => build("span", { className }, name, " ", build("b", {}, value));
  return [
    build("span", {}, barTime(bar, chart.interval)),
    item(gettext("A"), number(chart, bar.open), chart.isIndex ? "is-minor" : ""), // an index has nine characters
    item(gettext("Máx"), number(chart, bar.high), "is-minor"),
    item(gettext("Mín"), number(chart, bar.low), "is-minor"),
    item(gettext("F"), number(chart, bar.close)),
    build("span", { className: direction(change) }, pct(change)),
    item(gettext("Vol"), compact(bar.volume), "is-minor"),
  ];
}

/** Return {label, color, text} of each study of `chart` at the i-th bar. */
export function studyItems(chart, i) {
  const items = new Map();
  for (const { study, index, name, values } of chart.studyLines) {
    if (name === "middle") continue; // the average of the two other bands
    const item = items.get(index) ?? { index, label: studyLabel(study), color: studyColor(index), values: [] };
    item.values.push(number(chart, values[i]));
    items.set(index, item);
  }
  return [...items.values()].map(({ values, ...item }) => ({ ...item, text: values.join(" · ") }));
}

/** Return {symbol, color, text} of each compared paper. */
export function otherItems(chart) {
  return [...chart.others.keys()].map((symbol, index) => ({
    symbol,
    color: otherColor(index),
    text: pct(chart.otherChange(symbol).toFixed(2)),
  }));
}
