// The series of a chart: prices, volume, other papers, studies, and the arrows of firings.
import {
  AreaSeries,
  CandlestickSeries,
  createSeriesMarkers,
  HistogramSeries,
  LineSeries,
} from "../../../vendor/lightweight-charts/lightweight-charts.standalone.production.mjs";
import { gettext } from "../core/i18n.js";
import { decimal, pct } from "../core/number.js";
import { axisTime } from "./bars.js";
import { withAlpha } from "./colors.js";
import { percentChange } from "./indicators.js";
import { FALLING } from "./limits.js";

const NO_LABELS = { priceLineVisible: false, lastValueVisible: false, crosshairMarkerVisible: false };
const [SOLID, DOTTED, DASHED] = [0, 1, 2]; // LineStyle of lightweight-charts
const STUDY_COLORS = ["accent", "ink", "series-2", "series-3"];
const OTHER_COLORS = ["series-3", "series-2", "ink"];
const WHOLE_FROM = 10_000; // prices without decimals, as of an index
const LABEL_PX = 17; // the height of a label on the axis
const [AXIS_PX, CHARACTER_PX] = [20, 7.2]; // of an axis: beside its labels, and for each character in them
const RSI_LEVELS = [30, 70];

/** Return the colour's name of the n-th study, or of the n-th other paper. */
export const studyColor = (index) => STUDY_COLORS[index % STUDY_COLORS.length];
export const otherColor = (index) => OTHER_COLORS[index % OTHER_COLORS.length];

/** Return the width of an axis with labels around a price, to reserve it before there are bars. */
export function axisWidth(price) {
  const places = placesOf(price);
  return Math.ceil(AXIS_PX + CHARACTER_PX * decimal(price.toFixed(places), places).length);
}

function placesOf(price, places = 2) {
  return price >= WHOLE_FROM ? 0 : places;
}

/**
 * Return the format of a price scale. Prices below zero, which an axis may reach, have no label, nor have those
 * that the label of a line would cover.
 */
function priceFormat({ isCompared, bars, places: most }, isCovered) {
  const places = placesOf(bars.at(-1)?.close, most);
  const price = (value) => (value < 0 ? "" : decimal(value.toFixed(places), places));
  const formatter = isCompared ? (value) => pct(value.toFixed(2)) : price;
  const tickmarksFormatter = (values) => values.map((value) => (isCovered(value) ? "" : formatter(value)));
  return { type: "custom", minMove: 10 ** -places, formatter, tickmarksFormatter };
}

/**
 * Draws a state: {bars, interval, style, others, lines, bases, isCompared, isStale, color, firings, labelled,
 * hasVolume}.
 * `others` is a Map from symbols to bars, `bases` one to the prices that a comparison starts from, `labelled`
 * has the values of lines with a label on the axis.
 */
export class ChartSeries {
  constructor(chart) {
    this._chart = chart;
    this._series = new Map();
  }

  get main() {
    return this._series.get("main");
  }

  draw(state) {
    for (const series of this._series.values()) this._chart.removeSeries(series);
    this._series.clear();
    this._state = state;
    this._format = priceFormat(state, (value) => this._isCovered(value));
    this._addVolume();
    this._addMain();
    [...state.others.keys()].forEach((symbol, index) => this._addOther(symbol, index));
    this._addStudies();
    this._addFirings();
  }

  /** Return whether a value of the price scale lies under the label of a line, or of a newest price. */
  _isCovered(value) {
    const { bars, others, bases, labelled } = this._state;
    const newest = [["", bars], ...others].map(([name, list]) =>
      percentChange(list.at(-1)?.close ?? NaN, bases.get(name) ?? null),
    );
    const y = this.main?.priceToCoordinate(value) ?? null;
    return [...newest, ...labelled].some((price) => {
      const other = Number.isFinite(price) ? this.main?.priceToCoordinate(price) : null;
      return y !== null && typeof other === "number" && Math.abs(other - y) < LABEL_PX;
    });
  }

  /** Draw the newest bar of the paper again, and the studies of it. */
  update(bar) {
    this.main?.update(this._point(bar));
    this._series.get("volume")?.update(this._volume(bar));
    for (const line of this._state.lines) {
      const value = line.values.at(-1);
      if (value !== null) this._series.get(keyOf(line))?.update(this._studyPoint(line, bar, value));
    }
  }

  updateOther(symbol, bar) {
    this._series.get(`other ${symbol}`)?.update(this._close(bar, this._state.bases.get(symbol)));
  }

  _add(name, type, options, data, pane = 0) {
    const series = this._chart.addSeries(type, options, pane);
    series.setData(data);
    this._series.set(name, series);
    return series;
  }

  _addVolume() {
    if (!this._state.hasVolume) return;
    const options = { priceScaleId: "volume", priceFormat: { type: "volume" }, ...NO_LABELS };
    const bars = this._state.bars.map((bar) => this._volume(bar));
    this._add("volume", HistogramSeries, options, bars);
    this._chart.priceScale("volume").applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
  }

  _addMain() {
    const { bars, color, style, isCompared, isStale } = this._state;
    const points = bars.map((bar) => this._point(bar));
    const title = isStale ? gettext("desatualizado") : "";
    const common = { priceFormat: this._format, title };
    const line = { ...common, color: color.accent, lineWidth: 2 };
    if (style === "line") this._add("main", LineSeries, line, points);
    else if (style === "area") this._add("main", AreaSeries, { ...line, ...areaColors(color) }, points);
    else this._add("main", CandlestickSeries, { ...common, ...candleColors(color) }, points);
    if (isCompared) {
      this.main.createPriceLine({
        price: 0,
        color: color["ink-2"],
        lineStyle: DOTTED,
        lineWidth: 1,
        axisLabelVisible: false,
      });
    }
  }

  _addOther(symbol, index) {
    const { others, bases, color } = this._state;
    const points = others.get(symbol).map((bar) => this._close(bar, bases.get(symbol)));
    const options = { color: color[otherColor(index)], lineWidth: 2, title: symbol };
    const quiet = { priceLineVisible: false, priceFormat: this._format };
    this._add(`other ${symbol}`, LineSeries, { ...options, ...quiet }, points);
  }

  _addStudies() {
    let panes = 0;
    let last = null;
    for (const line of this._state.lines) {
      if (isOwn(line) && line.study !== last) panes += 1;
      last = line.study;
      this._addStudy(line, isOwn(line) ? panes : 0);
    }
    this._chart.panes().forEach((pane, i) => pane.setStretchFactor(i ? 1 : 4));
  }

  _addStudy(line, pane) {
    const { bars, color } = this._state;
    const data = [];
    line.values.forEach((value, i) => {
      if (value !== null) data.push(this._studyPoint(line, bars[i], value));
    });
    const type = line.name === "histogram" ? HistogramSeries : LineSeries;
    const options = { ...NO_LABELS, lineWidth: 1.5, priceFormat: this._studyFormat(line) };
    const series = this._add(keyOf(line), type, { ...options, ...lineStyle(line, color) }, data, pane);
    if (line.study.kind === "rsi") frameRsi(series, color);
    if (pane) series.priceScale().applyOptions({ scaleMargins: { top: 0.12, bottom: 0.12 } });
  }

  _studyFormat(line) {
    if (!isOwn(line)) return this._format;
    return { type: "custom", minMove: 0.01, formatter: (value) => decimal(value.toFixed(2)) };
  }

  _addFirings() {
    const markers = this._state.firings.map(({ bar, kind, count }) => ({
      time: this._time(bar),
      position: FALLING.has(kind) ? "belowBar" : "aboveBar",
      shape: FALLING.has(kind) ? "arrowUp" : "arrowDown",
      color: this._state.color["amber-line"],
      text: count > 1 ? `${count}×` : "",
    }));
    if (markers.length) createSeriesMarkers(this.main, markers);
  }

  _time(bar) {
    return axisTime(bar.time, this._state.interval);
  }

  _close(bar, base = null) {
    return { time: this._time(bar), value: percentChange(bar.close, base), ...this._staleColors(bar) };
  }

  /** Return the colours of the newest bar of a series while its price is old. */
  _staleColors(bar) {
    const { isStale, bars, others, color } = this._state;
    const newest = [bars, ...others.values()].some((list) => list.at(-1) === bar);
    return isStale && newest ? { color: color["ink-2"], lineColor: color["ink-2"], wickColor: color["ink-2"] } : {};
  }

  _point(bar) {
    const base = this._state.bases.get("") ?? null;
    if (this._state.style !== "candles") return this._close(bar, base);
    const [open, high, low, close] = [bar.open, bar.high, bar.low, bar.close].map((price) =>
      percentChange(price, base),
    );
    return { time: this._time(bar), open, high, low, close, ...this._staleColors(bar) };
  }

  _volume(bar) {
    const { up, down } = this._state.color;
    const { color = bar.close < bar.open ? down : up } = this._staleColors(bar);
    return { time: this._time(bar), value: bar.volume ?? 0, color: withAlpha(color, 0.35) };
  }

  _studyPoint(line, bar, value) {
    if (line.name === "histogram") {
      const { up, down } = this._state.color;
      return { time: this._time(bar), value, color: withAlpha(value < 0 ? down : up, 0.5) };
    }
    const base = isOwn(line) ? null : (this._state.bases.get("") ?? null);
    return { time: this._time(bar), value: percentChange(value, base) };
  }
}

function isOwn({ study }) {
  return ["rsi", "macd"].includes(study.kind);
}

function keyOf({ index, name }) {
  return `study ${index} ${name}`;
}

function lineStyle({ study, index, name }, color) {
  if (study.kind === "bollinger") {
    return { color: withAlpha(color["ink-2"], 0.75), lineStyle: name === "middle" ? DOTTED : DASHED };
  }
  if (name === "signal") return { color: color["amber-line"], lineStyle: SOLID };
  return { color: color[studyColor(index)] };
}

function candleColors({ up, down }) {
  return { upColor: up, downColor: down, borderVisible: false, wickUpColor: up, wickDownColor: down };
}

function areaColors({ accent }) {
  return { lineColor: accent, topColor: withAlpha(accent, 0.28), bottomColor: withAlpha(accent, 0.02) };
}

function frameRsi(series, { line }) {
  for (const price of RSI_LEVELS) {
    series.createPriceLine({ price, color: line, lineStyle: DASHED, axisLabelVisible: false });
  }
  series.applyOptions({
    autoscaleInfoProvider: () => ({ priceRange: { minValue: 0, maxValue: 100 } }),
  });
}
