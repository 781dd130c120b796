// The figures of a paper's page.
import * as dom from "../core/dom.js";
import { gettext } from "../core/i18n.js";
import { compareDecimals, price as priceText } from "../core/number.js";
import { clock, day } from "../core/time.js";
import { changeClass, fieldText, originText, place, showAge, showDoubt } from "./quotes.js";
import { isStale } from "./status.js";

const RANGES = { day: ["low", "high"], year: ["year_low", "year_high"] };
const CHANGES = ["change", "change_pct"];

export class PaperHead {
  constructor(root, socket, rendered) {
    this._root = root;
    this._socket = socket;
    this._rendered = rendered;
    this._symbol = root.dataset.symbol;
    const own = [...root.querySelectorAll("[data-field]")].filter(
      (element) => element.closest("[data-symbol]") === root,
    );
    this._fields = Map.groupBy(own, (element) => element.dataset.field);
    this._price = this._fields.get("price")[0];
    dom.clearFlashes(root);
  }

  quote() {
    return this._socket.quotes.get(this._symbol) ?? this._rendered[this._symbol];
  }

  show(before = null) {
    const quote = this.quote();
    if (!quote) return;
    this._root.dataset.quoted = "";
    for (const [field, elements] of this._fields) {
      if (field === "age") continue;
      for (const element of elements) dom.setText(element, fieldText(quote, field));
    }
    for (const field of CHANGES) {
      for (const element of this._fields.get(field) ?? []) dom.setDirection(element, changeClass(quote));
    }
    for (const [name, [low, high]] of Object.entries(RANGES)) {
      const bar = this._root.querySelector(`[data-range="${name}"]`);
      if (bar) dom.setMarker(bar, place(quote[low], quote[high], quote.price));
    }
    const traded = this._root.querySelector("[data-turnover]");
    if (traded) dom.setText(traded, fieldText(quote, "turnover"));
    this._price.title = originText(quote);
    showDoubt(this._root, quote);
    if (before?.price !== undefined) dom.flash(this._price, compareDecimals(quote.price, before.price));
    this.showTitle();
    this.showAge();
  }

  showTitle() {
    const quote = this.quote();
    if (!quote) return;
    const age = isStale(this._root) ? ` (${gettext("desatualizado")})` : "";
    document.title = `${this._symbol} ${priceText(quote.price)}${age} · Pregão`;
  }

  /** Show the quote's age, and its time for print. */
  showAge() {
    const quote = this.quote();
    if (!quote) return;
    for (const element of this._fields.get("age") ?? []) showAge(element, quote, this._socket.now());
    const at = dom.part(this._root, "quoted-at");
    if (at && quote.quoted_at) {
      dom.setText(at, `${day(quote.quoted_at, { withYear: true })} ${clock(quote.quoted_at)}`);
    }
  }
}
