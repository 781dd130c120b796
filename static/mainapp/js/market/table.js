// The tracker's table: a row per stock; changed cells are written once per animation frame.
import { clearFlashes, flash, setDirection, setMarker, setText } from "../core/dom.js";
import { gettext } from "../core/i18n.js";
import { compareDecimals } from "../core/number.js";
import { setMark } from "./mark.js";
import {
  ageText,
  changeClass,
  comparator,
  delayText,
  extendPoints,
  fieldText,
  originText,
  place,
  showDoubt,
} from "./quotes.js";
import { drawSparkline } from "./sparkline.js";

const FIELDS = [
  ...["name", "price", "change", "change_pct", "open", "low", "high", "previous_close", "volume", "turnover"],
  ...["year_low", "year_high", "market_cap"],
];
const RANGES = { day: ["low", "high"], year: ["year_low", "year_high"] };
const ORIGIN = ["quoted_at", "quoted_at_estimated", "source", "delay_s"];
const PLACEHOLDER = /\{symbol\}|%7Bsymbol%7D/g; // of the symbol, in the <template>
const REORDER_MS = 4000; // live values re-order the rows at most this often

export class QuoteTable {
  /** `now` returns the server's time in milliseconds, null while it is unknown. */
  constructor({ table, template, now }) {
    this.body = table.tBodies[0];
    this._template = template;
    this._now = now;
    this._rows = new Map(); // by symbol, in the list's order
    this._changed = new Map();
    this._frame = null;
    this._sort = null;
    this._sortedAt = performance.now();
    // Ages, sparklines and tints outside the viewport cost time and show nothing.
    this._observer = new IntersectionObserver((entries) => this._setVisible(entries), { rootMargin: "200px" });
    for (const element of this.body.rows) this._register(element);
    clearFlashes(this.body);
    window.addEventListener("beforeprint", () => this._drawAll());
  }

  /** The symbols in the list's order. */
  get symbols() {
    return [...this._rows.keys()];
  }

  has(symbol) {
    return this._rows.has(symbol);
  }

  element(symbol) {
    return this._rows.get(symbol)?.element ?? null;
  }

  quote(symbol) {
    return this._rows.get(symbol)?.quote ?? null;
  }

  add(symbol) {
    if (this._rows.has(symbol)) return;
    const element = this._template.content.firstElementChild.cloneNode(true);
    element.dataset.symbol = symbol;
    const row = this._register(element);
    row.cells.symbol.textContent = symbol;
    setMark(element.querySelector(".mark"), symbol);
    for (const node of element.querySelectorAll("[href], [aria-label]")) {
      for (const name of ["href", "aria-label"]) {
        const text = node.getAttribute(name);
        if (text) node.setAttribute(name, text.replace(PLACEHOLDER, symbol));
      }
    }
    this.body.append(element);
  }

  remove(symbol) {
    const row = this._rows.get(symbol);
    if (row) this._observer.unobserve(row.element);
    row?.element.remove();
    this._rows.delete(symbol);
    this._changed.delete(symbol);
  }

  /** Put the list into this order; symbols that are not named come last. */
  arrange(symbols) {
    const order = [...new Set([...symbols.filter((symbol) => this._rows.has(symbol)), ...this._rows.keys()])];
    this._rows = new Map(order.map((symbol) => [symbol, this._rows.get(symbol)]));
    this._reorder();
  }

  /** Write a quote in the next animation frame. `before` holds the former values of changed fields. */
  update(symbol, quote, before = null) {
    const row = this._rows.get(symbol);
    if (!row) return;
    row.quote = quote;
    const waiting = this._changed.get(symbol);
    this._changed.set(symbol, { ...before, ...waiting, isFirst: before === null || waiting?.isFirst });
    this._frame ??= requestAnimationFrame(() => this._flush());
  }

  /** Set a day's closes [[seconds, text], …]; live prices that are newer stay at their end. */
  setPoints(symbol, closes) {
    const row = this._rows.get(symbol);
    if (!row) return;
    const live = row.points;
    row.hasDay = true;
    row.points = closes.map(([at, text]) => [at, Number.parseFloat(text)]);
    const end = row.points.at(-1)?.[0] ?? 0;
    for (const [at, price] of live) if (at >= end) extendPoints(row.points, at, price);
    this._drawSpark(row);
  }

  /** Show in the rows of these symbols that the last batch did not reach them. */
  setLate(symbols) {
    for (const row of this._rows.values()) {
      const isLate = symbols.has(row.element.dataset.symbol);
      if (row.isLate === isLate) continue;
      row.isLate = isLate;
      if (row.quote) this._writeOrigin(row);
    }
  }

  showAges() {
    const now = this._now();
    for (const row of this._rows.values()) {
      if (row.quote && row.isVisible) setText(row.cells.age, ageText(row.quote, now));
    }
    if (this._sort && performance.now() - this._sortedAt > REORDER_MS && !this._isInUse()) this._reorder();
  }

  /** Order the rows by a column now and again every REORDER_MS; "": the order of the list. */
  sort(column, isAscending) {
    this._sort = column ? comparator(column, isAscending) : null;
    this._reorder();
  }

  _register(element) {
    const cells = {};
    for (const node of element.querySelectorAll("[data-field]")) cells[node.dataset.field] = node;
    const bars = {};
    for (const node of element.querySelectorAll("[data-range]")) bars[node.dataset.range] = node;
    const spark = element.querySelector(".spark");
    const row = { element, cells, bars, spark, points: [], quote: null, isVisible: false, isLate: false };
    this._rows.set(element.dataset.symbol, row);
    this._observer.observe(element);
    return row;
  }

  _setVisible(entries) {
    const now = this._now();
    for (const { target, isIntersecting } of entries) {
      const row = this._rows.get(target.dataset.symbol);
      if (!row) continue;
      row.isVisible = isIntersecting;
      if (!isIntersecting || !row.quote) continue;
      setText(row.cells.age, ageText(row.quote, now));
      this._drawSpark(row);
    }
  }

  _flush() {
    this._frame = null;
    const now = this._now();
    for (const [symbol, before] of this._changed) {
      const row = this._rows.get(symbol);
      if (row) this._write(row, before, now);
    }
    this._changed.clear();
  }

  /** Write the fields that changed, or all of them the first time. */
  _write(row, before, now) {
    const { cells, quote } = row;
    const has = (fields) => before.isFirst || fields.some((field) => field in before);
    delete row.element.dataset.pending;
    for (const field of FIELDS) {
      if (has(SOURCES[field] ?? [field])) setText(cells[field], fieldText(quote, field));
    }
    if (has(["change"])) for (const field of ["change", "change_pct"]) setDirection(cells[field], changeClass(quote));
    if (has(["doubtful_price"])) showDoubt(row.element, quote);
    if (has(ORIGIN)) this._writeOrigin(row);
    for (const [name, ends] of Object.entries(RANGES)) {
      if (has(["price", ...ends])) setMarker(row.bars[name], place(quote[ends[0]], quote[ends[1]], quote.price));
    }
    if (has(["price"])) this._extendSpark(row, now);
    if (!row.isVisible) return;
    setText(cells.age, ageText(quote, now));
    if (!before.isFirst && before.price) flash(cells.price, compareDecimals(quote.price, before.price));
  }

  _writeOrigin({ cells, quote, isLate }) {
    cells.age.classList.toggle("estimated", Boolean(quote.quoted_at_estimated));
    const delay = isLate ? gettext("atrasado") : quote.delay_s > 0 ? delayText(quote.delay_s) : "";
    if (cells.age.dataset.delay !== delay) cells.age.dataset.delay = delay;
    const origin = originText(quote, isLate);
    if (cells.age.title !== origin) cells.age.title = cells.price.title = origin;
  }

  _extendSpark(row, now) {
    const quotedAt = Date.parse(row.quote.quoted_at) || now;
    if (!quotedAt) return;
    extendPoints(row.points, Math.floor(quotedAt / 1000), Number.parseFloat(row.quote.price));
    this._drawSpark(row);
  }

  /** Draw a visible sparkline; until the day's points have come, the server's picture stays. */
  _drawSpark(row, isShown = row.isVisible) {
    if (!isShown || !row.hasDay) return;
    const reference = Number.parseFloat(row.quote?.previous_close);
    drawSparkline(row.spark, row.points, reference, row.quote ? changeClass(row.quote) : "flat");
  }

  _drawAll() {
    for (const row of this._rows.values()) this._drawSpark(row, true);
  }

  /** Return whether the pointer or the focus is on a row: rows must not move away under them. */
  _isInUse() {
    return this.body.matches(":hover") || this.body.contains(document.activeElement);
  }

  _reorder() {
    this._sortedAt = performance.now();
    const order = [...this._rows.values()];
    const sortable = (row) => row.quote ?? { symbol: row.element.dataset.symbol };
    if (this._sort) order.sort((a, b) => this._sort(sortable(a), sortable(b)));
    order.forEach(({ element }, i) => {
      const current = this.body.rows[i];
      if (current !== element) this.body.insertBefore(element, current);
    });
  }
}

// Fields that are computed from others.
const SOURCES = { turnover: ["price", "volume"] };

/** Return the text of a row that has no price yet. */
export function pendingText() {
  return gettext("aguardando primeira cotação");
}
