// The day's points of sparklines: fetched once for many stocks, then extended by live prices.
import { fetchCloses } from "./candles.js";
import { extendPoints } from "./quotes.js";

const RETRIES_MS = [1500, 3000, 6000];

export class DayPoints {
  /** `url` returns the day's closes. */
  constructor(url) {
    this._url = url;
    this._points = new Map(); // symbol → [seconds, price]
  }

  /** Fetch the points of stocks that have none yet; retry while the server is loading them. */
  async load(symbols, attempt = 0) {
    const missing = [...symbols].filter((symbol) => !this._points.has(symbol));
    if (!missing.length || !navigator.onLine) return;
    const body = await fetchCloses(this._url, missing);
    if (!body) return;
    const isLoading = body.status === "loading" && attempt < RETRIES_MS.length;
    for (const [symbol, points] of Object.entries(body.closes)) {
      if (points.length > 1 || !isLoading) this._set(symbol, points);
    }
    if (isLoading) setTimeout(() => this.load(symbols, attempt + 1), RETRIES_MS[attempt]);
  }

  _set(symbol, points) {
    this._points.set(
      symbol,
      points.map(([at, price]) => [at, Number.parseFloat(price)]),
    );
  }

  /** Return a stock's points up to a quote; null for fewer than two, when the server's picture stays. */
  until(symbol, quote) {
    const points = this._points.get(symbol);
    if (!points) return null;
    const seconds = Math.floor(Date.parse(quote.quoted_at) / 1000);
    if (seconds) extendPoints(points, seconds, Number.parseFloat(quote.price));
    return points.length < 2 ? null : points;
  }
}
