// The tracker's table: a row per stock; changed cells are written once per animation frame.
import { clearFlashes, flash, setDirection, setMarker, setText } from "../core/dom.js";
import { gettext } from "../core/i18n.js";
import { compareDecimals } from "../core/number.js";
import { clock, day } from "../core/time.js";
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
const HIDDEN_ROWS = 6; // written with each batch: of 200 rows, 15 are in the window

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
    // Rows outside the window cost time and show nothing: they are written when they come near it.
    this._observer = new IntersectionObserver((entries) => this._setVisible(entries), { rootMargin: "400px" });
    for (const element of this.body.rows) this._register(element);
    clearFlashes(this.body);
    window.addEventListener("beforeprint", () => this._preparePrint());
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

  /** The quotes of the rows that have one. */
  get quotes() {
    return [...this._rows.values()].map((row) => row.quote).filter(Boolean);
  }

  /** Show that a stock has no price yet; the price that the server rendered stays. */
  markPending(symbol) {
    const row = this._rows.get(symbol);
    if (!row || row.quote || row.renderedAt) return;
    row.element.dataset.pending = "";
    setText(row.cells.age, gettext("aguardando primeira cotação"));
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
    if (before === null || "price" in before) this._extendPoints(row);
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
      if (!row.isVisible) continue;
      if (row.quote) setText(row.cells.age, ageText(row.quote, now));
      else if (row.renderedAt) setText(row.cells.age, ageText({ quoted_at: row.renderedAt }, now));
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
    const renderedAt = cells.age.querySelector("time")?.dateTime ?? null;
    const row = { element, cells, bars, spark, points: [], quote: null, renderedAt, isVisible: false, isLate: false };
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
      this._writeLater(target.dataset.symbol, now);
      setText(row.cells.age, ageText(row.quote, now));
      this._drawSpark(row);
    }
  }

  /** Write the changed rows that are visible, and a few of the others, the oldest changes first. */
  _flush() {
    this._frame = null;
    const now = this._now();
    const hidden = [];
    for (const [symbol, before] of this._changed) {
      const row = this._rows.get(symbol);
      if (!row?.isVisible) hidden.push(symbol);
      else this._writeNow(row, before, now);
      if (row?.isVisible) this._changed.delete(symbol);
    }
    for (const symbol of hidden.slice(0, HIDDEN_ROWS)) this._writeLater(symbol, now);
  }

  _writeNow(row, before, now) {
    this._write(row, before);
    setText(row.cells.age, ageText(row.quote, now));
    if (!before.isFirst && before.price) flash(row.cells.price, compareDecimals(row.quote.price, before.price));
  }

  /** Write a row that changed while it was hidden. */
  _writeLater(symbol, now) {
    const [row, before] = [this._rows.get(symbol), this._changed.get(symbol)];
    this._changed.delete(symbol);
    if (!row || !before) return;
    this._write(row, before);
    setText(row.cells.age, ageText(row.quote, now));
  }

  /** Write the fields that changed, or all of them the first time. */
  _write(row, before) {
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
    if (has(["price"])) this._drawSpark(row);
  }

  _writeOrigin({ cells, quote, isLate }) {
    cells.age.classList.toggle("estimated", Boolean(quote.quoted_at_estimated));
    const delay = isLate ? gettext("atrasado") : quote.delay_s > 0 ? delayText(quote.delay_s) : "";
    if (cells.age.dataset.delay !== delay) cells.age.dataset.delay = delay;
    const origin = originText(quote, isLate);
    if (cells.age.title !== origin) cells.age.title = cells.price.title = origin;
  }

  _extendPoints(row) {
    const quotedAt = Date.parse(row.quote.quoted_at) || this._now();
    if (quotedAt) extendPoints(row.points, Math.floor(quotedAt / 1000), Number.parseFloat(row.quote.price));
  }

  /** Draw a visible sparkline; until the day's points have come, the server's picture stays. */
  _drawSpark(row, isShown = row.isVisible) {
    if (!isShown || !row.hasDay) return;
    const reference = Number.parseFloat(row.quote?.previous_close);
    drawSparkline(row.spark, row.points, reference, row.quote ? changeClass(row.quote) : "flat");
  }

  /** Ages mean nothing in print: dates and times replace them. */
  _preparePrint() {
    for (const [symbol, row] of this._rows) {
      if (!row.quote) continue;
      this._writeLater(symbol, this._now());
      const at = row.quote.quoted_at;
      setText(row.cells.quoted_at, at ? `${day(at, { withYear: true })} ${clock(at)}` : "–");
      this._drawSpark(row, true);
    }
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

// Fields that are computed from others.
const SOURCES = { turnover: ["price", "volume"] };
