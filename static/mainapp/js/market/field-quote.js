// The live price of the stock that a form is about: `market/_field_quote.html`.
import * as dom from "../core/dom.js";
import { direction } from "../core/number.js";
import { fieldText, originText, showAge, showDoubt } from "./quotes.js";

/** Shows the newest quote of one stock of `socket` in `element`; `onChange` runs after each change. */
export class FieldQuote {
  constructor(element, socket, onChange = () => {}) {
    this.element = element;
    this.socket = socket;
    this.onChange = onChange;
    socket.addEventListener("quotes", () => this._onQuotes());
    setInterval(() => this._showAge(), 1000);
  }

  /** Show another stock. */
  follow(symbol) {
    const others = [...this.socket.symbols].filter((other) => other !== symbol);
    if (others.length) this.socket.unsubscribe(others);
    if (symbol) this.socket.subscribe([symbol]);
    if (this.element.dataset.symbol !== symbol) this._show(null);
    this.element.dataset.symbol = symbol;
  }

  /** The price that is shown, null without one. */
  get price() {
    return this.element.dataset.priceNow ?? null;
  }

  _onQuotes() {
    const quote = this.socket.quotes.get(this.element.dataset.symbol);
    if (quote) this._show(quote);
  }

  _field(name) {
    return this.element.querySelector(`[data-field="${name}"]`);
  }

  _show(quote) {
    dom.setText(this._field("price"), quote ? fieldText(quote, "price") : "–");
    this._field("price").title = quote ? originText(quote) : "";
    dom.setText(this._field("change_pct"), quote ? fieldText(quote, "change_pct") : "");
    dom.setDirection(this._field("change_pct"), direction(quote?.change_pct ?? null));
    if (quote) showDoubt(this.element, quote);
    this._showAge();
    if (quote) this.element.dataset.priceNow = quote.price;
    else delete this.element.dataset.priceNow;
    this.onChange(quote);
  }

  _showAge() {
    const quote = this.socket.quotes.get(this.element.dataset.symbol);
    showAge(this._field("age"), quote, this.socket.now());
  }
}
