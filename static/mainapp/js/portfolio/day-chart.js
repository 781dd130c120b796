// The chart of the portfolio's value over the day; the server draws it first (selectors/day.py).
import { part, setDirection } from "../core/dom.js";
import { CENTS, direction, fromUnits } from "../core/number.js";
import { drawArea } from "../market/area-chart.js";
import { extendPoints } from "../market/quotes.js";

const CENT = 0.01;

export class DayChart {
  /** `points` are [epoch seconds, decimal string] of the day until now; `root` has their base in `data-base`. */
  constructor(root, points) {
    this._root = root;
    this._base = Number.parseFloat(root.dataset.base);
    this._points = points.map(([at, value]) => [at, Number.parseFloat(value)]);
  }

  /** Extend the line to a Portfolio's totals; not while a holding has no quote or no previous close. */
  show(totals, now) {
    if (!this._points.length || now === null) return;
    if (totals.unquoted || totals.undated || totals.day_change === null) return;
    const [total, change] = [totals.total, totals.day_change].map((value) => fromUnits(value, CENTS));
    this._setBase(Number.parseFloat(total) - Number.parseFloat(change));
    extendPoints(this._points, Math.floor(now / 1000), Number.parseFloat(total));
    if (this._points.length < 2) return;
    drawArea(this._root, this._points, this._base, 0);
    setDirection(part(this._root, "chart"), direction(change));
  }

  /** Set the value at the previous close. A holding whose first quote comes counts with it from the first point on. */
  _setBase(base) {
    const growth = base - this._base;
    if (Math.abs(growth) > CENT) for (const point of this._points) point[1] += growth;
    this._base = base;
  }
}
