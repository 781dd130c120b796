// The chart of the portfolio's value over the day; the server draws it first (selectors/day.py).
import { part, setDirection } from "../core/dom.js";
import { CENTS, direction, fromUnits } from "../core/number.js";
import { drawArea } from "../market/area-chart.js";
import { extendPoints } from "../market/quotes.js";

export class DayChart {
  /** `points` are [epoch seconds, decimal string] of the day until now. */
  constructor(root, points) {
    this._root = root;
    this._points = points.map(([at, value]) => [at, Number.parseFloat(value)]);
  }

  /** Extend the line to a Portfolio's totals; not while a holding has no quote or no previous close. */
  show(totals, now) {
    if (!this._points.length || now === null) return;
    if (totals.unquoted || totals.undated || totals.day_change === null) return;
    const [total, change] = [totals.total, totals.day_change].map((value) => fromUnits(value, CENTS));
    extendPoints(this._points, Math.floor(now / 1000), Number.parseFloat(total));
    if (this._points.length < 2) return;
    drawArea(this._root, this._points, Number.parseFloat(total) - Number.parseFloat(change), 0);
    setDirection(part(this._root, "chart"), direction(change));
  }
}
