// The tracker's table: a row a stock, only changed cells written, once a frame.
import {
  ageText,
  changeClass,
  comparator,
  delayText,
  extendPoints,
  fieldText,
  gettext,
  originText,
  place,
  sparkPaths,
} from "./quotes.js";

const PLAIN = [
  "name",
  "open",
  "low",
  "high",
  "previous_close",
  "volume",
  "year_low",
  "year_high",
  "market_cap",
];
const RANGES = { day: ["low", "high"], year: ["year_low", "year_high"] };
const FLASH = { up: "flash-up", down: "flash-down" };
const BLANK = "{symbol}"; // stands for the symbol in the <template>
const CALM_MS = 4000; // live values re-order the rows at most this often

export class QuoteTable {
  /** `now` returns the server's time in milliseconds. */
  constructor({ table, template, now }) {
    this.body = table.tBodies[0];
    this.columns = new Set();
    this._template = template;
    this._now = now;
    this._rows = new Map();
    this._dirty = new Map();
    this._frame = null;
    this._sort = null;
    this._sortedAt = 0;
    this._isStale = false;
    // What nobody sees is neither drawn nor flashed.
    this._seen = new IntersectionObserver((entries) => this._look(entries), { rootMargin: "200px" });
    for (const element of this.body.rows) this._take(element);
    this.body.addEventListener("animationend", (event) =>
      event.target.classList.remove(FLASH.up, FLASH.down),
    );
  }

  get symbols() {
    return [...this._rows.keys()];
  }

  has(symbol) {
    return this._rows.has(symbol);
  }

  add(symbol) {
    if (this._rows.has(symbol)) return;
    const element = this._template.content.firstElementChild.cloneNode(true);
    element.dataset.symbol = symbol;
    const row = this._take(element);
    row.cells.symbol.textContent = symbol;
    for (const node of element.querySelectorAll("[data-col]")) {
      if (this.columns.has(node.dataset.col)) node.hidden = true;
    }
    for (const node of element.querySelectorAll("[href], [aria-label]")) {
      for (const name of ["href", "aria-label"]) {
        const text = node.getAttribute(name);
        if (text?.includes(BLANK)) node.setAttribute(name, text.replace(BLANK, symbol));
      }
    }
    this.body.append(element);
  }

  remove(symbol) {
    const row = this._rows.get(symbol);
    if (row) this._seen.unobserve(row.element);
    row?.element.remove();
    this._rows.delete(symbol);
    this._dirty.delete(symbol);
  }

  /** Remember what changed; the next frame writes it. `was` holds former values by field. */
  update(symbol, quote, was = null) {
    const row = this._rows.get(symbol);
    if (!row) return;
    row.quote = quote;
    const before = this._dirty.get(symbol);
    this._dirty.set(symbol, { ...was, ...before, isFirst: was === null || before?.isFirst });
    this._frame ??= requestAnimationFrame(() => this._flush());
  }

  /** Take a day's closes [[seconds, text], …]; what came live meanwhile stays at their end. */
  setPoints(symbol, closes) {
    const row = this._rows.get(symbol);
    if (!row) return;
    const live = row.points;
    row.points = closes.map(([at, text]) => [at, Number.parseFloat(text)]);
    for (const [at, price] of live) extendPoints(row.points, at, price);
    this._drawSpark(row);
  }

  setStale(isStale) {
    this._isStale = isStale;
    for (const row of this._rows.values()) row.cells.price.classList.toggle("stale", isStale);
  }

  showAges() {
    const now = this._now();
    for (const row of this._rows.values()) {
      if (row.quote) write(row.cells.age, ageText(row.quote, now));
    }
    if (Date.now() - this._sortedAt > CALM_MS && !this._isHeld()) this._reorder();
  }

  /** Order the rows by a column now, and keep them so calmly; null: as they were added. */
  sort(column, ascending) {
    this._sort = column && comparator(column, ascending);
    this._reorder();
  }

  setHidden(column, isHidden) {
    if (isHidden) this.columns.add(column);
    else this.columns.delete(column);
    for (const row of this.body.rows) {
      for (const cell of row.cells) if (cell.dataset.col === column) cell.hidden = isHidden;
    }
  }

  _take(element) {
    const cells = {};
    for (const node of element.querySelectorAll("[data-field]")) cells[node.dataset.field] = node;
    const bars = {};
    for (const node of element.querySelectorAll("[data-range]")) bars[node.dataset.range] = node;
    const [base, line] = element.querySelectorAll(".spark path");
    const spark = { base, line };
    const row = { element, cells, bars, spark, points: [], quote: null, isSeen: false };
    this._rows.set(element.dataset.symbol, row);
    this._seen.observe(element);
    return row;
  }

  _look(entries) {
    for (const { target, isIntersecting } of entries) {
      const row = this._rows.get(target.dataset.symbol);
      if (!row) continue;
      row.isSeen = isIntersecting;
      if (isIntersecting) this._drawSpark(row);
    }
  }

  _flush() {
    this._frame = null;
    const now = this._now();
    for (const [symbol, was] of this._dirty) {
      const row = this._rows.get(symbol);
      if (row) this._write(row, was, now);
    }
    this._dirty.clear();
  }

  _write(row, was, now) {
    const { cells, quote } = row;
    delete row.element.dataset.pending;
    for (const field of PLAIN) write(cells[field], fieldText(quote, field));
    write(cells.price, fieldText(quote, "price"));
    const direction = changeClass(quote);
    for (const field of ["change", "change_pct"]) {
      write(cells[field], fieldText(quote, field));
      if (cells[field].className !== direction) cells[field].className = direction;
    }
    write(cells.age, ageText(quote, now));
    this._writeOrigin(row);
    for (const [name, [low, high]] of Object.entries(RANGES)) {
      this._writeRange(row.bars[name], place(quote[low], quote[high], quote.price));
    }
    const seconds = Math.floor((Date.parse(quote.quoted_at) || now) / 1000);
    extendPoints(row.points, seconds, Number.parseFloat(quote.price));
    this._drawSpark(row);
    if (row.isSeen && !was.isFirst && was.price !== undefined) flash(cells.price, was.price, quote.price);
    cells.price.classList.toggle("stale", this._isStale);
  }

  _writeOrigin({ cells, quote }) {
    cells.age.classList.toggle("estimated", Boolean(quote.quoted_at_estimated));
    const delay = quote.delay_s > 0 ? delayText(quote.delay_s) : "";
    if (cells.age.dataset.delay !== delay) cells.age.dataset.delay = delay;
    const origin = originText(quote);
    if (cells.age.title !== origin) cells.age.title = cells.price.title = origin;
  }

  _writeRange(bar, at) {
    bar.hidden = at === null;
    if (at !== null) bar.style.setProperty("--at", at.toFixed(1));
  }

  _drawSpark(row) {
    if (!row.isSeen) return;
    const reference = Number.parseFloat(row.quote?.previous_close);
    const { line, base } = sparkPaths(row.points, reference);
    row.spark.line.setAttribute("d", line);
    row.spark.base.setAttribute("d", base);
    row.spark.line.parentNode.dataset.direction = row.quote ? changeClass(row.quote) : "flat";
  }

  _isHeld() {
    return this.body.matches(":hover") || this.body.contains(document.activeElement);
  }

  _reorder() {
    this._sortedAt = Date.now();
    const order = [...this._rows.values()];
    const sortable = (row) => row.quote ?? { symbol: row.element.dataset.symbol };
    if (this._sort) order.sort((a, b) => this._sort(sortable(a), sortable(b)));
    order.forEach(({ element }, i) => {
      const there = this.body.rows[i];
      if (there !== element) this.body.insertBefore(element, there);
    });
  }
}

/** Set an element's text; the text node stays, which costs the page no new layout of its parents. */
function write(element, text) {
  const node = element.firstChild;
  if (node?.nodeType !== Node.TEXT_NODE || element.childNodes.length > 1) element.textContent = text;
  else if (node.data !== text) node.data = text;
}

function flash(cell, before, after) {
  const name = Number(after) > Number(before) ? FLASH.up : FLASH.down;
  if (cell.classList.contains(name)) return;
  cell.classList.remove(FLASH.up, FLASH.down);
  cell.classList.add(name);
  // Under reduced motion no animation ends, so that nothing else would take the class away.
  if (!MOVING.matches) setTimeout(() => cell.classList.remove(name), 1000);
}

const MOVING = window.matchMedia("(prefers-reduced-motion: no-preference)");

/** Return the words for a row that has no price yet. */
export function pendingText() {
  return gettext("aguardando primeira cotação");
}
