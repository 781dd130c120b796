// The tracker's table: a row per stock.
import { setDirection, setMarker, setText } from "../core/dom.js";
import { gettext } from "../core/i18n.js";
import { clock, day } from "../core/time.js";
import { LiveTable } from "./live-table.js";
import { setMark } from "./mark.js";
import {
  ageSeconds,
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
const SOURCES = { turnover: ["price", "volume"] }; // of fields that are computed from others
const ORIGIN = ["quoted_at_estimated", "source", "delay_s"];
const PLACEHOLDER = /\{symbol\}|%7Bsymbol%7D/g; // of the symbol, in the <template>
const OLD_S = 120;

export class QuoteTable extends LiveTable {
  /** `isOpen` returns whether the market of a quote is open: only then a price older than OLD_S counts as old. */
  constructor({ table, template, now, isOpen }) {
    super({ table, now });
    this._template = template;
    this._isOpen = isOpen;
    for (const element of this.body.rows) this._register(element);
    // Titles are only read under the pointer; writing them with each batch would cost more than the prices.
    this.body.addEventListener("pointerover", ({ target }) => this._showOrigin(target.closest("tr")));
  }

  has(symbol) {
    return this._rows.has(symbol);
  }

  element(symbol) {
    return this._rows.get(symbol)?.element ?? null;
  }

  /** Return how many stocks rose and fell today: {up, down, flat}; null before the first quote. */
  countDirections() {
    const counts = { up: 0, down: 0, flat: 0 };
    for (const { quote, direction } of this._rows.values()) if (quote) counts[direction] += 1;
    return counts.up + counts.down + counts.flat ? counts : null;
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
    if (!row) return;
    this._unregister(row);
    row.element.remove();
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
    if (before === null || "change" in before) row.direction = changeClass(quote);
    if (before === null || "price" in before) this._extendPoints(row);
    const change = this._changes.get(symbol) ?? {};
    if (before === null) change.isFirst = true;
    for (const field in before) if (!(field in change)) change[field] = before[field];
    this._changes.set(symbol, change);
    this._requestFlush();
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
    if (row.isNear) this._drawSpark(row);
  }

  /** Show in the rows of these symbols that the last batch did not reach them. */
  setLate(symbols) {
    for (const row of this._rows.values()) {
      const isLate = symbols.has(row.symbol);
      if (row.isLate === isLate) continue;
      row.isLate = isLate;
      if (!row.quote) continue;
      this._writeOrigin(row);
      this._writeAge(row, this._now());
    }
  }

  /** Order the rows by a column now and again every few seconds; "": the order of the list. */
  sort(column, isAscending) {
    const compare = column && comparator(column, isAscending);
    const sortable = ({ quote, symbol }) => quote ?? { symbol };
    this._compare = column ? (a, b) => compare(sortable(a), sortable(b)) : null;
    this._reorder();
  }

  _register(element) {
    const row = super._register(element);
    const bars = {};
    for (const node of element.querySelectorAll("[data-range]")) bars[node.dataset.range] = node;
    const spark = element.querySelector(".spark");
    const renderedAt = row.cells.age.querySelector("time")?.dateTime ?? null;
    return Object.assign(row, { bars, spark, renderedAt, points: [], isLate: false, direction: "flat" });
  }

  _enter(row, now) {
    super._enter(row, now);
    this._drawSpark(row);
  }

  /** Write the fields that changed, or all of them the first time. */
  _write(row, change, now) {
    const { cells, quote } = row;
    const has = (fields) => change.isFirst || fields.some((field) => field in change);
    delete row.element.dataset.pending;
    for (const field of FIELDS) {
      if (has(SOURCES[field] ?? [field])) setText(cells[field], fieldText(quote, field));
    }
    if (has(["change"])) for (const field of ["change", "change_pct"]) setDirection(cells[field], row.direction);
    if (has(["doubtful_price"])) showDoubt(row.element, quote);
    if (has(ORIGIN)) this._writeOrigin(row);
    for (const [name, ends] of Object.entries(RANGES)) {
      if (has(["price", ...ends])) setMarker(row.bars[name], place(quote[ends[0]], quote[ends[1]], quote.price));
    }
    if (row.isNear && has(["price"])) this._drawSpark(row);
    this._writeAge(row, now);
  }

  _writeAge(row, now) {
    const quote = row.quote ?? (row.renderedAt && { quoted_at: row.renderedAt });
    if (!quote) return;
    const text = ageText(quote, now);
    setText(row.cells.age, text);
    this._writeNote(row, this._isOpen(row.quote) && ageSeconds(quote, now) > OLD_S ? text : "");
  }

  /** Show below a price that it is late, delayed or old; tracker.css hides it beside the column of ages. */
  _writeNote(row, age) {
    const note = row.cells.age.dataset.delay || age;
    const cell = row.cells.price.parentElement;
    if ((cell.dataset.note ?? "") !== note) cell.dataset.note = note;
  }

  _writeOrigin({ cells, quote, isLate }) {
    cells.age.classList.toggle("estimated", Boolean(quote.quoted_at_estimated));
    const delay = isLate ? gettext("atrasado") : quote.delay_s > 0 ? delayText(quote.delay_s) : "";
    if (cells.age.dataset.delay !== delay) cells.age.dataset.delay = delay;
  }

  _showOrigin(element) {
    const { cells, quote, isLate } = this._rows.get(element?.dataset.symbol) ?? {};
    if (quote) cells.age.title = cells.price.title = originText(quote, isLate);
  }

  _extendPoints(row) {
    const quotedAt = Date.parse(row.quote.quoted_at) || this._now();
    if (quotedAt) extendPoints(row.points, Math.floor(quotedAt / 1000), Number.parseFloat(row.quote.price));
  }

  /** Draw a row's sparkline; until the day's points have come, the server's picture stays. */
  _drawSpark(row) {
    if (!row.hasDay) return;
    drawSparkline(row.spark, row.points, Number.parseFloat(row.quote?.previous_close), row.direction);
  }

  /** Ages mean nothing in print: dates and times replace them. */
  _print(row) {
    if (!row.quote) return;
    this._writeChange(row, this._now());
    const at = row.quote.quoted_at;
    setText(row.cells.quoted_at, at ? `${day(at, { withYear: true })} ${clock(at)}` : "–");
    this._drawSpark(row);
  }
}
