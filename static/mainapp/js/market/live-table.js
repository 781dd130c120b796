// A table of live prices: rows are written once per animation frame, those out of view later, and rarely re-ordered.
import { clearFlashes, flash } from "../core/dom.js";
import { compareDecimals } from "../core/number.js";

const REORDER_MS = 4000; // live values re-order the rows at most this often
const NEAR = "200px"; // of the window: rows this close are written at once
const FRESH_MS = 900; // rows written since then need no new age
const FAR_ROWS = 4; // written with each batch: of 200 rows, 15 are in the window

/**
 * Subclasses add rows by `_register`, add their changes to `_changes`, and write them in `_write(row, change, now)`.
 * A change has the fields that `_write` needs; its `price` is the former one, with which the flash compares the new.
 */
export class LiveTable extends EventTarget {
  /** `now` returns the server's time in milliseconds, null while it is unknown. */
  constructor({ table, now }) {
    super();
    this.body = table.tBodies[0];
    this._now = now;
    this._rows = new Map(); // by symbol, in the list's order
    this._changes = new Map(); // by symbol, since the row was written
    this._frame = null;
    this._compare = null;
    this._sortedAt = performance.now();
    // To write rows outside the window costs time and shows nothing: they are written when they come near it.
    this._observer = new IntersectionObserver((entries) => this._setNear(entries), { rootMargin: NEAR });
    clearFlashes(this.body);
    window.addEventListener("beforeprint", () => this._rows.forEach((row) => this._print(row)));
  }

  /** The symbols in the list's order. */
  get symbols() {
    return [...this._rows.keys()];
  }

  /** Write the changed rows that are near the window, and a few of the others, the oldest changes first. */
  flush() {
    this._frame = null;
    const now = this._now();
    let far = FAR_ROWS;
    for (const [symbol, change] of this._changes) {
      const row = this._rows.get(symbol);
      if (!row.isNear && far-- <= 0) continue;
      this._writeChange(row, now);
      if (row.isNear && change.price && !change.isFirst) flash(row.cells.price, compareDecimals(row.quote.price, change.price));
    }
  }

  /** Show the ages of the rows near the window, and their order when it is due. */
  showAges() {
    const now = this._now();
    const freshSince = performance.now() - FRESH_MS;
    for (const row of this._rows.values()) if (row.isNear && !(row.writtenAt > freshSince)) this._writeAge(row, now);
    if (this._compare && performance.now() - this._sortedAt > REORDER_MS && !this._isInUse()) this._reorder();
  }

  /** Return the row of an element: {symbol, element, cells by field, quote, isNear}. */
  _register(element) {
    const cells = {};
    for (const node of element.querySelectorAll("[data-field]")) cells[node.dataset.field] = node;
    const row = { symbol: element.dataset.symbol, element, cells, quote: null, isNear: false };
    this._rows.set(row.symbol, row);
    this._observer.observe(element);
    return row;
  }

  _unregister({ symbol, element }) {
    this._observer.unobserve(element);
    this._rows.delete(symbol);
    this._changes.delete(symbol);
  }

  _requestFlush() {
    this._frame ??= requestAnimationFrame(() => this.flush());
  }

  _setNear(entries) {
    const now = this._now();
    for (const { target, isIntersecting } of entries) {
      const row = this._rows.get(target.dataset.symbol);
      if (!row) continue;
      row.isNear = isIntersecting;
      if (isIntersecting) this._enter(row, now);
    }
  }

  /** Write a row that comes near the window. */
  _enter(row, now) {
    this._writeChange(row, now);
    this._writeAge(row, now);
  }

  _writeChange(row, now) {
    const change = this._changes.get(row.symbol);
    this._changes.delete(row.symbol);
    if (!change) return;
    row.writtenAt = performance.now();
    this._write(row, change, now);
  }

  /** Return whether the pointer or the focus is on a row: rows must not move away under them. */
  _isInUse() {
    return this.body.matches(":hover") || this.body.contains(document.activeElement);
  }

  /** Put the rows into the order of `_compare`, or of the list. */
  _reorder() {
    this._sortedAt = performance.now();
    const order = [...this._rows.values()];
    if (this._compare) order.sort(this._compare);
    const elements = order.map((row) => row.element);
    const isMoved = (element, i) => element !== this.body.rows[i];
    const first = elements.findIndex(isMoved);
    if (first < 0) return;
    // All rows between are inserted again: browsers count rows that only shift as layout shifts.
    const end = elements.findLastIndex(isMoved) + 1;
    const after = this.body.rows[end] ?? null;
    const focused = this.body.contains(document.activeElement) ? document.activeElement : null;
    for (const element of elements.slice(first, end)) this.body.insertBefore(element, after);
    focused?.focus({ preventScroll: true });
  }
}
