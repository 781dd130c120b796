// The chart of one stock, drawn by lightweight-charts: bars, volume, studies, a comparison, alerts.
import {
  CandlestickSeries,
  createChart,
  HistogramSeries,
  LineSeries,
} from "../../../vendor/lightweight-charts/lightweight-charts.standalone.production.mjs";
import { gettext } from "../core/i18n.js";
import { decimal, pct } from "../core/number.js";
import { applyPrice, axisTime } from "./bars.js";
import { themeColors, withAlpha } from "./colors.js";
import { drawMarks, firingsOnBars, limitPrices, widened } from "./marks.js";
import { percentChange, studies } from "./indicators.js";

const EDGE_PX = 16; // at the left, for the first label of the time axis
const MONEY = { type: "custom", minMove: 0.01, formatter: (value) => decimal(value.toFixed(2)) };
const PERCENT = { ...MONEY, formatter: (value) => pct(value.toFixed(2)) };
const NO_LABELS = { priceLineVisible: false, lastValueVisible: false, crosshairMarkerVisible: false };

export class StockChart {
  /** `onCrosshair(bar)` gets the bar under the pointer, null when there is none. */
  constructor(element, { onCrosshair }) {
    this.bars = [];
    this.interval = "1m";
    this.options = {};
    this._series = {};
    this._other = [];
    this._base = null;
    this._otherBase = null;
    this._dayVolume = null;
    this._fittedAt = -Infinity;
    this._marks = { limits: [], firings: [] };
    this._previousClose = NaN;
    this._isStale = false;
    this._chart = createChart(element, {
      autoSize: true,
      layout: { attributionLogo: true, panes: { enableResize: false } },
      localization: {
        locale: document.documentElement.lang,
      },
      rightPriceScale: { borderVisible: false },
      timeScale: { borderVisible: false, rightOffset: 3 },
      crosshair: { mode: 0 },
    });
    this._chart.subscribeCrosshairMove(({ time, logical }) => {
      onCrosshair(time === undefined ? null : (this.bars[logical] ?? null));
    });
    document.addEventListener("themechange", () => this._rebuild());
    this._paint();
  }

  /** Show a range's bars; `options` names the studies, `other` holds the index's bars. */
  show(bars, interval, options, other = []) {
    this.bars = bars;
    this.interval = interval;
    this.options = options;
    this._other = other;
    this._dayVolume = null;
    this._fittedAt = performance.now();
    this._rebuild();
  }

  setOptions(options, other = this._other) {
    this.options = options;
    this._other = other;
    this._rebuild();
  }

  /** Draw the newest bar as one whose price is old, or as a live one. */
  setStale(isStale) {
    if (isStale === this._isStale) return;
    this._isStale = isStale;
    if (this.bars.length) this._rebuild();
  }

  /**
   * Show alerts: `limits` {kind, price or pct of `previousClose`} as lines, `firings` {time, kind} as arrows.
   * The price scale widens to show near limits.
   */
  setMarks(marks, previousClose = NaN) {
    this._marks = marks;
    this._previousClose = previousClose;
    if (!this.bars.length) return;
    this._fittedAt = performance.now();
    this._rebuild();
  }

  /** Update the last bar by a live quote; false when the quote is older. */
  tick(seconds, quote) {
    const bar = applyPrice(this.bars, this.interval, seconds, quote);
    if (!bar) return false;
    this._countVolume(bar, quote.volume);
    this._series.main?.update(this._point(bar));
    this._series.volume?.update(this._volume(bar));
    for (const [name, data] of Object.entries(this._studies())) {
      const point = data.at(-1);
      if (point) this._series[name]?.update(point);
    }
    return true;
  }

  /** Add the growth of the day's volume since the last quote to an intraday bar. */
  _countVolume(bar, dayVolume) {
    if (this.interval !== "1d" && this._dayVolume && dayVolume > this._dayVolume) {
      bar.volume = (bar.volume ?? 0) + dayVolume - this._dayVolume;
    }
    this._dayVolume = dayVolume;
  }

  tickOther(seconds, quote) {
    if (!this._other.length) return;
    const bar = applyPrice(this._other, this.interval, seconds, quote);
    if (bar) this._series.compare?.update(this._close(bar, this._otherBase));
  }

  _paint() {
    const color = themeColors();
    this._color = color;
    this._chart.applyOptions({
      layout: {
        background: { color: color.surface },
        textColor: color["ink-2"],
        fontFamily: getComputedStyle(document.body).fontFamily,
        panes: { separatorColor: color.line },
      },
      grid: { vertLines: { color: withAlpha(color.line, 0.5) }, horzLines: { color: color.line } },
      timeScale: { timeVisible: this.interval !== "1d", secondsVisible: false },
    });
    this._chart.priceScale("right").applyOptions({
      scaleMargins: { top: 0.1, bottom: 0.22 },
    });
  }

  /** In a comparison prices are shown as changes since the first bar that both series have. */
  _setBases() {
    const first = this.options.compare ? this._other[0] : null;
    this._otherBase = first?.close ?? null;
    this._base = first ? this.bars.find((bar) => bar.time === first.time).close : null;
  }

  _rebuild() {
    // The visible range follows a fit one frame later: a rebuild within that time fits again.
    const fit = performance.now() - this._fittedAt < 200;
    const range = this._chart.timeScale().getVisibleLogicalRange();
    Object.values(this._series).forEach((series) => this._chart.removeSeries(series));
    this._series = {};
    this._setBases();
    this._paint();
    this._addMain();
    this._addStudies();
    this._addMarks();
    if (fit) this._fit();
    else if (range) this._chart.timeScale().setVisibleLogicalRange(range);
  }

  _fit() {
    const scale = this._chart.timeScale();
    const [width, count] = [scale.width(), this.bars.length];
    scale.fitContent();
    if (!width || !count) return;
    // Space at the right for the limits' names, which would cover the newest arrows.
    const labels = this._marks.limits.length ? Math.round(count * 0.14) : 0;
    const rightOffset = Math.max(scale.options().rightOffset, labels);
    const bars = ((count + rightOffset) * EDGE_PX) / width;
    scale.setVisibleLogicalRange({ from: -bars, to: count - 1 + rightOffset });
  }

  _addMain() {
    const { up, down, brand, flat } = this._color;
    const priceFormat = this._base === null ? MONEY : PERCENT;
    const add = (name, type, options, data, pane = 0) => {
      this._series[name] = this._chart.addSeries(type, options, pane);
      this._series[name].setData(data);
    };
    this._add = add;
    const volume = { priceScaleId: "volume", priceFormat: { type: "volume" }, ...NO_LABELS };
    add("volume", HistogramSeries, volume, this.bars.map((bar) => this._volume(bar)));
    this._chart.priceScale("volume").applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
    const candles = {
      upColor: up,
      downColor: down,
      borderVisible: false,
      wickUpColor: up,
      wickDownColor: down,
      priceLineColor: flat,
      priceFormat,
    };
    const title = this._isStale ? gettext("desatualizado") : "";
    const isLine = Boolean(this.options.line);
    const points = this.bars.map((bar) => this._point(bar));
    if (isLine) add("main", LineSeries, { color: brand, lineWidth: 2, priceFormat, title }, points);
    else add("main", CandlestickSeries, { ...candles, title }, points);
    if (this._base === null) return;
    const other = this._other.map((bar) => this._close(bar, this._otherBase));
    const index = { color: this._color.accent, lineWidth: 2, title: "IBOV", priceFormat };
    add("compare", LineSeries, index, other);
    const zero = { price: 0, color: flat, lineStyle: 1, lineWidth: 1, axisLabelVisible: false };
    this._series.main.createPriceLine(zero);
  }

  _addStudies() {
    const { brand, violet, ink } = this._color;
    const priceFormat = this._base === null ? MONEY : PERCENT;
    const band = withAlpha(this._color["ink-2"], 0.75);
    const styles = {
      sma9: { color: violet, title: gettext("MM 9") },
      sma21: { color: brand, title: gettext("MM 21") },
      sma50: { color: ink, title: gettext("MM 50") },
      upper: { color: band, lineStyle: 2 },
      middle: { color: band, lineStyle: 1 },
      lower: { color: band, lineStyle: 2 },
      rsi: { color: brand, lastValueVisible: true, priceFormat: MONEY, title: gettext("IFR 14") },
    };
    for (const [name, data] of Object.entries(this._studies())) {
      const options = { lineWidth: 1.5, ...NO_LABELS, priceFormat, ...styles[name] };
      this._add(name, LineSeries, options, data, name === "rsi" ? 1 : 0);
    }
    if (this._series.rsi) this._frameRsi();
  }

  _addMarks() {
    const limits = limitPrices(this._marks.limits, this._previousClose);
    const firings = firingsOnBars(this._marks.firings, this.bars, this.interval);
    drawMarks(this._series.main, { limits, firings }, {
      color: this._color.accent,
      toAxis: (bar) => this._time(bar),
      scale: (price) => percentChange(price, this._base),
    });
    const prices = limits.map(({ price }) => price);
    this._series.main.applyOptions({ autoscaleInfoProvider: (original) => widened(original, prices) });
  }

  _frameRsi() {
    for (const price of [30, 70]) {
      this._series.rsi.createPriceLine({
        price,
        color: this._color.line,
        lineStyle: 2,
        axisLabelVisible: false,
      });
    }
    this._series.rsi.applyOptions({
      autoscaleInfoProvider: () => ({ priceRange: { minValue: 0, maxValue: 100 } }),
    });
    this._chart.priceScale("right", 1).applyOptions({ scaleMargins: { top: 0.1, bottom: 0.1 } });
    this._chart.panes()[0]?.setStretchFactor(4);
    this._chart.panes()[1]?.setStretchFactor(1);
  }

  /** Return the points of each enabled study. */
  _studies() {
    const values = studies(this.bars.map((bar) => bar.close), this.options);
    return Object.fromEntries(
      Object.entries(values).map(([name, numbers]) => [
        name,
        this._points(numbers, name === "rsi" ? null : this._base),
      ]),
    );
  }

  _points(numbers, base) {
    return numbers
      .map((value, i) => ({ time: this._time(this.bars[i]), value }))
      .filter((point) => point.value !== null)
      .map(({ time, value }) => ({ time, value: percentChange(value, base) }));
  }

  _time(bar) {
    return axisTime(bar.time, this.interval);
  }

  _close(bar, base = this._base) {
    return { time: this._time(bar), value: percentChange(bar.close, base), ...this._staleColors(bar) };
  }

  /** Return the colours of the newest bar of a series while its price is old. */
  _staleColors(bar) {
    if (!this._isStale || (bar !== this.bars.at(-1) && bar !== this._other.at(-1))) return {};
    const color = this._color.flat;
    return { color, wickColor: color };
  }

  _point(bar) {
    if (this.options.line) return this._close(bar);
    const [open, high, low, close] = [bar.open, bar.high, bar.low, bar.close].map((price) =>
      percentChange(price, this._base),
    );
    return { time: this._time(bar), open, high, low, close, ...this._staleColors(bar) };
  }

  _volume(bar) {
    const { color = bar.close < bar.open ? this._color.down : this._color.up } = this._staleColors(bar);
    return { time: this._time(bar), value: bar.volume ?? 0, color: withAlpha(color, 0.35) };
  }
}
