// One stock's chart over lightweight-charts: bars in, series and studies out.
import {
  CandlestickSeries,
  createChart,
  HistogramSeries,
  LineSeries,
  PriceScaleMode,
} from "../../vendor/lightweight-charts/lightweight-charts.standalone.production.mjs";
import { decimal, pct } from "./format.js";
import { bollinger, rsi, sma } from "./indicators.js";
import { gettext } from "./quotes.js";

const SAO_PAULO_S = -3 * 3600; // all year since 2019, and no minute bar is older
const MIDNIGHT_SLACK_S = 2 * 3600; // a day began at 02:00 UTC in the summers before 2020
const AVERAGES = { sma9: 9, sma21: 21, sma50: 50 };
const QUIET = { priceLineVisible: false, lastValueVisible: false, crosshairMarkerVisible: false };

/** Return a bar's place on the time axis, which shows São Paulo's time. */
export function axisTime(seconds, interval) {
  if (interval !== "1d") return seconds + SAO_PAULO_S;
  return new Date((seconds - MIDNIGHT_SLACK_S) * 1000).toISOString().slice(0, 10);
}

/** Return the first second of the bar that a moment belongs to. */
export function barStart(seconds, interval) {
  if (interval === "1d") {
    return Math.floor((seconds + SAO_PAULO_S) / 86400) * 86400 - SAO_PAULO_S;
  }
  const width = 60 * Number.parseInt(interval, 10);
  return Math.floor(seconds / width) * width;
}

/**
 * Lay a live price over `bars` and return the changed bar, or null when it is older than the last.
 *
 * A bar: {time, open, high, low, close, volume}, numbers.
 */
export function applyPrice(bars, interval, seconds, quote) {
  const time = barStart(seconds, interval);
  const last = bars.at(-1);
  if (last && time < last.time) return null;
  const price = Number(quote.price);
  if (!last || time > last.time) {
    const isDay = interval === "1d";
    const bar = {
      time,
      open: Number((isDay && quote.open) || price),
      high: Number((isDay && quote.high) || price),
      low: Number((isDay && quote.low) || price),
      close: price,
      volume: isDay ? quote.volume : null,
    };
    bars.push(bar);
    return bar;
  }
  const day = interval === "1d" ? quote : {};
  last.close = price;
  last.high = Math.max(last.high, price, Number(day.high ?? price));
  last.low = Math.min(last.low, price, Number(day.low ?? price));
  last.volume = day.volume ?? last.volume;
  return last;
}

function cssColor(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Return a colour of rgb(…) with an opacity. */
function faint(color, alpha) {
  const [r, g, b] = color.match(/[\d.]+/g) ?? [128, 128, 128];
  return `rgba(${r}, ${g}, ${b}, ${alpha})`;
}

export class StockChart {
  /** `onCrosshair(bar)` is told the bar under the pointer, null when there is none. */
  constructor(element, { onCrosshair }) {
    this.bars = [];
    this.interval = "1m";
    this.options = {};
    this._series = {};
    this._other = [];
    this._dayVolume = null;
    this._fittedAt = 0;
    this._chart = createChart(element, {
      autoSize: true,
      layout: { attributionLogo: true, panes: { enableResize: false } },
      localization: {
        locale: document.documentElement.lang,
        priceFormatter: (price) => decimal(price.toFixed(2)),
        percentageFormatter: (value) => pct(value.toFixed(2)),
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

  /** Show a range's bars; `options` says which studies, `other` holds the index's bars. */
  show(bars, interval, options, other = []) {
    this.bars = bars;
    this.interval = interval;
    this.options = options;
    this._other = other;
    this._dayVolume = null;
    this._fittedAt = Date.now();
    this._rebuild();
  }

  setOptions(options, other = this._other) {
    this.options = options;
    this._other = other;
    this._rebuild();
  }

  /** Lay a live quote over the last bar; false when it is older than that. */
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

  /** Give a bar of minutes what the day's volume grew by since the quote before. */
  _countVolume(bar, dayVolume) {
    if (this.interval !== "1d" && this._dayVolume && dayVolume > this._dayVolume) {
      bar.volume = (bar.volume ?? 0) + dayVolume - this._dayVolume;
    }
    this._dayVolume = dayVolume;
  }

  tickOther(seconds, quote) {
    if (!this._other.length) return;
    const bar = applyPrice(this._other, this.interval, seconds, quote);
    if (bar) this._series.compare?.update(this._close(bar));
  }

  _colors() {
    const names = ["up", "down", "ink", "ink-2", "line", "surface", "brand", "accent", "flat"];
    return Object.fromEntries(names.map((name) => [name, cssColor(`--${name}`)]));
  }

  _paint() {
    const color = this._colors();
    this._color = color;
    const isPercent = Boolean(this.options.compare && this._other.length);
    this._chart.applyOptions({
      layout: {
        background: { color: color.surface },
        textColor: color["ink-2"],
        fontFamily: getComputedStyle(document.body).fontFamily,
        panes: { separatorColor: color.line },
      },
      grid: { vertLines: { color: faint(color.line, 0.5) }, horzLines: { color: color.line } },
      timeScale: { timeVisible: this.interval !== "1d", secondsVisible: false },
    });
    this._chart.priceScale("right").applyOptions({
      mode: isPercent ? PriceScaleMode.Percentage : PriceScaleMode.Normal,
      scaleMargins: { top: 0.1, bottom: 0.22 },
    });
  }

  _rebuild() {
    // A fit takes a frame to show in the range: a rebuild right after one fits again.
    const fit = Date.now() - this._fittedAt < 200;
    const range = this._chart.timeScale().getVisibleLogicalRange();
    Object.values(this._series).forEach((series) => this._chart.removeSeries(series));
    this._series = {};
    this._paint();
    this._addMain();
    this._addStudies();
    if (fit) this._chart.timeScale().fitContent();
    else if (range) this._chart.timeScale().setVisibleLogicalRange(range);
  }

  _addMain() {
    const { up, down, brand, flat } = this._color;
    const add = (name, type, options, data, pane = 0) => {
      this._series[name] = this._chart.addSeries(type, options, pane);
      this._series[name].setData(data);
    };
    this._add = add;
    const volume = { priceScaleId: "volume", priceFormat: { type: "volume" }, ...QUIET };
    add("volume", HistogramSeries, volume, this.bars.map((bar) => this._volume(bar)));
    this._chart.priceScale("volume").applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
    const candles = {
      upColor: up,
      downColor: down,
      borderVisible: false,
      wickUpColor: up,
      wickDownColor: down,
      priceLineColor: flat,
    };
    const isLine = Boolean(this.options.line);
    const points = this.bars.map((bar) => this._point(bar));
    if (isLine) add("main", LineSeries, { color: brand, lineWidth: 2 }, points);
    else add("main", CandlestickSeries, candles, points);
    if (!this.options.compare || !this._other.length) return;
    const other = this._other.map((bar) => this._close(bar));
    add("compare", LineSeries, { color: this._color.accent, lineWidth: 2, title: "IBOV" }, other);
  }

  _addStudies() {
    const { brand, accent, ink } = this._color;
    const band = faint(this._color["ink-2"], 0.75);
    const styles = {
      sma9: { color: accent, title: gettext("MM 9") },
      sma21: { color: brand, title: gettext("MM 21") },
      sma50: { color: ink, title: gettext("MM 50") },
      upper: { color: band, lineStyle: 2 },
      middle: { color: band, lineStyle: 1 },
      lower: { color: band, lineStyle: 2 },
      rsi: { color: brand, lastValueVisible: true, title: gettext("IFR 14") },
    };
    for (const [name, data] of Object.entries(this._studies())) {
      const options = { lineWidth: 1.5, ...QUIET, ...styles[name] };
      this._add(name, LineSeries, options, data, name === "rsi" ? 1 : 0);
    }
    if (this._series.rsi) this._frameRsi();
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
    const scale = { mode: PriceScaleMode.Normal, scaleMargins: { top: 0.1, bottom: 0.1 } };
    this._chart.priceScale("right", 1).applyOptions(scale);
    this._chart.panes()[0]?.setStretchFactor(4);
    this._chart.panes()[1]?.setStretchFactor(1);
  }

  /** Return the points of each study that is switched on. */
  _studies() {
    const closes = this.bars.map((bar) => bar.close);
    const values = {};
    for (const [name, period] of Object.entries(AVERAGES)) {
      if (this.options[name]) values[name] = sma(closes, period);
    }
    if (this.options.bollinger) Object.assign(values, bollinger(closes));
    if (this.options.rsi) values.rsi = rsi(closes);
    return Object.fromEntries(
      Object.entries(values).map(([name, numbers]) => [name, this._points(numbers)]),
    );
  }

  _points(numbers) {
    return numbers
      .map((value, i) => ({ time: this._time(this.bars[i]), value }))
      .filter((point) => point.value !== null);
  }

  _time(bar) {
    return axisTime(bar.time, this.interval);
  }

  _close(bar) {
    return { time: this._time(bar), value: bar.close };
  }

  _point(bar) {
    if (this.options.line) return this._close(bar);
    const { open, high, low, close } = bar;
    return { time: this._time(bar), open, high, low, close };
  }

  _volume(bar) {
    const color = bar.close < bar.open ? this._color.down : this._color.up;
    return { time: this._time(bar), value: bar.volume ?? 0, color: faint(color, 0.35) };
  }
}
