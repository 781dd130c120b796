// The chart of one paper, drawn by lightweight-charts: bars, studies, other papers, and lines at prices.
import { createChart } from "../../../vendor/lightweight-charts/lightweight-charts.standalone.production.mjs";
import { applyPrice, barStart, isIntraday } from "./bars.js";
import { ChartLines } from "./chart-lines.js";
import { axisWidth, ChartSeries } from "./chart-series.js";
import { themeColors, withAlpha } from "./colors.js";
import { commonStart } from "./comparison.js";
import { firingsOnBars, isPercent, limitLabel, limitLines, limitName, limitPrice, limitText, limitValue, movedLabel } from "./limits.js";
import { percentChange } from "./indicators.js";
import { decimal } from "../core/number.js";
import { studyLines } from "./studies.js";

const EDGE_PX = 16; // at the left, for the first label of the time axis
const MIN_BARS = 8;
const TOP = 0.1; // of the pane, free above the prices
const [BOTTOM, VOLUME_BOTTOM] = [0.1, 0.22]; // free below them, without and with the volume

export class StockChart {
  /**
   * `onCrosshair(bar)` gets the bar under the pointer, null when there is none. `onMove(line, value)` saves a
   * line that was dragged, and resolves to whether it may stay; without it lines cannot be dragged.
   * `price` is roughly that of the bars: it gives the axis its width from the start. An index has points, not R$.
   */
  constructor(element, { onCrosshair = () => {}, onMove = null, hasVolume = true, price = 0, isIndex = false } = {}) {
    this._hasVolume = hasVolume;
    this.isIndex = isIndex;
    this.places = 2; // of prices
    this.bars = [];
    this.interval = "1m";
    this.options = { style: "candles", studies: [] };
    this.others = new Map();
    this.lines = [];
    this._bases = new Map();
    this._dayVolume = null;
    this._isFitted = true; // until the reader moves it
    this._marks = { limits: [], firings: [] };
    this._ownLines = [];
    this._previousClose = NaN;
    this._isStale = false;
    this._chart = createChart(element, {
      autoSize: true,
      layout: { attributionLogo: false, panes: { enableResize: false } },
      localization: { locale: document.documentElement.lang },
      rightPriceScale: {
        borderVisible: false,
        minimumWidth: axisWidth(price),
        scaleMargins: { top: TOP, bottom: hasVolume ? VOLUME_BOTTOM : BOTTOM },
      },
      timeScale: { borderVisible: false, rightOffset: 3 },
      crosshair: { mode: 0 },
      handleScroll: { vertTouchDrag: false }, // a page can be scrolled over its chart
    });
    this._series = new ChartSeries(this._chart);
    this._lines = new ChartLines(element, { chart: this, onMove });
    this._chart.subscribeCrosshairMove(({ time, logical }) => {
      onCrosshair(time === undefined ? null : (this.bars[logical] ?? null));
    });
    this._chart.timeScale().subscribeSizeChange(() => this._isFitted && this.fit());
    for (const type of ["wheel", "pointerdown"]) {
      element.addEventListener(type, () => (this._isFitted = false), { capture: true, passive: true });
    }
    document.addEventListener("themechange", () => this._rebuild());
    this._paint();
  }

  /** Show a range's bars; `others` is a Map from symbols to their bars. */
  show(bars, interval, options = {}, others = new Map()) {
    this.bars = bars;
    this.interval = interval;
    this.options = { ...this.options, ...options };
    this._dayVolume = null;
    this._isFitted = true;
    this.setOthers(others);
  }

  setOptions(options) {
    this.options = { ...this.options, ...options };
    this._rebuild();
  }

  /** Compare with other papers; only their bars at the times of our own are shown. */
  setOthers(others) {
    const times = new Set(this.bars.map((bar) => bar.time));
    const shared = [...others].map(([symbol, bars]) => [symbol, bars.filter((bar) => times.has(bar.time))]);
    this.others = new Map(shared.filter(([, bars]) => bars.length));
    const { start, bases } = commonStart(new Map([["", this.bars], ...this.others]));
    if (start === null) this.others.clear();
    this._bases = this.isCompared ? bases : new Map();
    this._rebuild();
  }

  get isCompared() {
    return this.others.size > 0;
  }

  /** Return the change of another paper since the start of the comparison, in percent. */
  otherChange(symbol) {
    const bars = this.others.get(symbol);
    return bars ? percentChange(bars.at(-1).close, this._bases.get(symbol)) : null;
  }

  /** Draw the newest bar as one whose price is old, or as a live one. */
  setStale(isStale) {
    if (isStale === this._isStale) return;
    this._isStale = isStale;
    if (this.bars.length) this._rebuild();
  }

  /**
   * Show alerts: `limits` {kind, price or pct of `previousClose`, url} as lines, `firings` {time, kind} as
   * arrows. The price scale is that of the bars: limits outside it are pinned to its edges.
   */
  setMarks(marks, previousClose = NaN) {
    this._marks = marks;
    this._previousClose = previousClose;
    if (this.bars.length) this._rebuild();
  }

  /** Show other lines {name, price}, such as the reader's average price. */
  setLines(lines) {
    this._ownLines = lines;
    if (this.bars.length) this._rebuild();
  }

  /** Update the last bar by a live quote; false when the quote is older. */
  tick(seconds, quote) {
    const bar = applyPrice(this.bars, this.interval, seconds, quote, this._volumeGrowth(quote));
    if (!bar) return false;
    this._state.lines = this._studyLines();
    this._series.update(bar);
    return true;
  }

  tickOther(symbol, seconds, quote) {
    const bars = this.others.get(symbol);
    const isAhead = barStart(seconds, this.interval) > this.bars.at(-1)?.time;
    const bar = bars && !isAhead && applyPrice(bars, this.interval, seconds, quote);
    if (bar) this._series.updateOther(symbol, bar);
  }

  /** Return the growth of the day's volume since the last quote. */
  _volumeGrowth(quote) {
    const [before, volume] = [this._dayVolume, Number(quote.volume ?? NaN)];
    this._dayVolume = volume;
    return before && volume > before ? volume - before : 0;
  }

  // Prices and places ------------------------------------------------------------------------------

  /** Return the vertical place of a price in pixels, null when it is not on the chart. */
  yOf(price) {
    return this._series.main?.priceToCoordinate(percentChange(price, this._base())) ?? null;
  }

  priceAt(y) {
    const value = this._series.main?.coordinateToPrice(y) ?? null;
    const base = this._base();
    return value === null || base === null ? value : base * (1 + value / 100);
  }

  /** Return the width and the height of the prices' pane in pixels. */
  paneSize() {
    const { width, height } = this._chart.paneSize(0);
    return { width, height };
  }

  _base() {
    return this._bases.get("") ?? null;
  }

  // Moving around ----------------------------------------------------------------------------------

  /** Move the visible range by a share of its width: 0.1 is a tenth towards newer bars. */
  pan(share) {
    this._changeRange(({ from, to }) => {
      const by = (to - from) * share;
      return { from: from + by, to: to + by };
    });
  }

  /** Show `factor` times as many bars; the newest visible one stays. */
  zoom(factor) {
    this._changeRange(({ from, to }) => {
      const width = Math.min(Math.max((to - from) * factor, MIN_BARS), this.bars.length * 1.5 + MIN_BARS);
      return { from: to - width, to };
    });
  }

  _changeRange(change) {
    const scale = this._chart.timeScale();
    const range = scale.getVisibleLogicalRange();
    if (!range) return;
    this._isFitted = false;
    scale.setVisibleLogicalRange(change(range));
  }

  /** Show all bars. */
  fit() {
    this._isFitted = true;
    const scale = this._chart.timeScale();
    const [width, count] = [scale.width(), this.bars.length];
    scale.fitContent();
    if (!width || !count) return;
    const { rightOffset } = scale.options();
    const edge = ((count + rightOffset) * EDGE_PX) / width;
    scale.setVisibleLogicalRange({ from: -edge, to: count - 1 + rightOffset });
  }

  /** Return the chart as a canvas. */
  picture() {
    return this._lines.named(() => this._chart.takeScreenshot(true));
  }

  // Drawing ----------------------------------------------------------------------------------------

  _paint() {
    const color = themeColors();
    this._chart.applyOptions({
      layout: {
        background: { color: color.card },
        textColor: color["ink-2"],
        fontFamily: getComputedStyle(document.body).fontFamily,
        panes: { separatorColor: color.line },
      },
      grid: { vertLines: { visible: false }, horzLines: { color: withAlpha(color.line, 0.7) } },
      timeScale: { timeVisible: isIntraday(this.interval), secondsVisible: false },
    });
    return color;
  }

  _studyLines() {
    return studyLines(this.options.studies, this.bars.map((bar) => bar.close));
  }

  _rebuild() {
    const range = this._chart.timeScale().getVisibleLogicalRange();
    this.lines = this._allLines();
    const labelled = this.lines.map(({ price }) => percentChange(price, this._base()));
    this._state = {
      bars: this.bars,
      places: this.places,
      interval: this.interval,
      style: this.options.style,
      others: this.others,
      lines: this._studyLines(),
      bases: this._bases,
      isCompared: this.isCompared,
      isStale: this._isStale,
      color: this._paint(),
      firings: firingsOnBars(this._marks.firings, this.bars, this.interval),
      labelled,
      hasVolume: this._hasVolume,
    };
    this._series.draw(this._state);
    this._lines.draw(this._series.main, this.lines, {
      color: this._state.color,
      scaled: (price) => percentChange(price, this._base()),
    });
    if (this._isFitted) this.fit();
    else if (range) this._chart.timeScale().setVisibleLogicalRange(range);
  }

  _allLines() {
    const limits = limitLines(this._marks.limits, this._previousClose).map((line) => this._limit(line));
    const own = this._ownLines.map(({ name, price }) => ({ name, price, color: "ink-2", label: ownLabel(name, this.places) }));
    return [...limits, ...own];
  }

  _limit({ kind, price, url, text }) {
    const close = this._previousClose;
    return {
      kind,
      price,
      url,
      color: "amber-line",
      name: limitName(kind),
      // From its rounded price, a limit of 1.50 % would be one of 1.48 %.
      label: (at, { hasPrice, isMoved }) =>
        hasPrice && (isMoved || !isPercent(kind)) ? movedLabel(kind, at, close, this.places) : limitLabel({ kind, text }),
      text: (at) => limitText(kind, at, close, { isIndex: this.isIndex, places: this.places }),
      value: (at) => limitValue(kind, at, close, this.places),
      nearest: (at) => limitPrice(kind, at, close, this.places),
    };
  }

  /** Return the studies' lines, whose `values` have one for each bar. */
  get studyLines() {
    return this._state?.lines ?? [];
  }
}

function ownLabel(name, places) {
  return (at, { hasPrice }) => (hasPrice ? `${name} ${decimal(at.toFixed(places), places)}` : name);
}
