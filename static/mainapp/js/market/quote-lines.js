// Lines of a list of stocks (`_quote_line.html`), live: price, change, time, sparkline, turnover.
import { flash, setDirection, setText } from "../core/dom.js";
import * as number from "../core/number.js";
import { clock, day } from "../core/time.js";
import { DayPoints } from "./day-points.js";
import { stockUrl } from "./links.js";
import { setMark } from "./mark.js";
import { ageSeconds, fieldText, originText, sessionOf, showDoubt } from "./quotes.js";
import { drawSparkline } from "./sparkline.js";

const OLD_S = 120;

/** The lines on a page, and the points of their sparklines. `candlesUrl` gives the day's closes. */
export class QuoteLines {
  constructor(root, { socket, candlesUrl }) {
    this._root = root;
    this._socket = socket;
    this._prices = new Map(); // symbol → the price last shown
    this._points = new DayPoints(candlesUrl);
  }

  get symbols() {
    return new Set([...this._root.querySelectorAll("[data-line]")].map((line) => line.dataset.symbol));
  }

  /** Build a line of the template of a list. */
  build(template, symbol, quote) {
    const line = template.content.firstElementChild.cloneNode(true);
    line.dataset.symbol = symbol;
    line.querySelector("a").href = stockUrl(symbol);
    line.querySelector(".ticker").textContent = symbol;
    setMark(line.querySelector(".mark"), symbol);
    const name = line.querySelector("[data-name]");
    if (name) name.textContent = quote.name ?? "";
    return line;
  }

  /** Show a quote in a line. */
  fill(line, symbol, quote) {
    const price = line.querySelector("[data-price]");
    setText(price, number.price(quote.price));
    const before = this._prices.get(symbol);
    if (before !== undefined) flash(price, number.compareDecimals(quote.price, before));
    const change = line.querySelector("[data-change-pct]");
    setText(change, number.pct(quote.change_pct));
    setDirection(change, number.direction(quote.change_pct));
    const turnover = line.querySelector("[data-turnover]");
    if (turnover) setText(turnover, `R$\u00a0${fieldText(quote, "turnover")}`);
    showTime(line, quote, this._socket);
    this._draw(line, symbol, quote);
  }

  /** Show the quotes of a frame in all lines of their symbols. */
  update(quotes) {
    for (const line of this._root.querySelectorAll("[data-line]")) {
      const { symbol } = line.dataset;
      if (quotes.has(symbol)) this.fill(line, symbol, quotes.get(symbol));
    }
    this.remember(quotes);
  }

  /** Remember the prices shown, with which the next ones are compared. */
  remember(quotes) {
    for (const [symbol, { price }] of quotes) this._prices.set(symbol, price);
  }

  /** Fetch the day's points of lines that have none yet. */
  loadPoints() {
    return this._points.load(this.symbols);
  }

  _draw(line, symbol, quote) {
    const points = this._points.until(symbol, quote);
    if (!points) return;
    const reference = Number.parseFloat(quote.previous_close);
    drawSparkline(line.querySelector(".spark"), points, reference, number.direction(quote.change_pct));
  }
}

/** Show a quote's time, or its date when it is not of today; mark a price that is old in an open session. */
export function showTime(box, quote, socket) {
  const time = box.querySelector("[data-time]");
  const [date, today] = [quote.quoted_at, socket.now()].map((moment) => day(moment));
  setText(time, date === today ? clock(quote.quoted_at) : date);
  time.toggleAttribute("data-dated", date !== today);
  time.classList.toggle("estimated", Boolean(quote.quoted_at_estimated));
  const isOld = ageSeconds(quote, socket.now()) > (quote.delay_s ?? 0) + OLD_S;
  box.dataset.prices = sessionOf(quote, socket.session) === "open" && isOld ? "stale" : "live";
  box.querySelector("[data-price]").title = originText(quote);
  showDoubt(box, quote);
}
