// The badge with the state of the feed and of the market's session: `_market_status.html`.
import { displayElsewhere } from "../core/connection-status.js";
import { part, setData, setText } from "../core/dom.js";
import { gettext } from "../core/i18n.js";
import { age, day, shortAge } from "../core/time.js";
import { isPair, sourceName } from "./quotes.js";

const CONNECTING_MS = 2500;

// Texts of the badge in place of "Ao vivo" while prices are live but the session is not open.
const SESSIONS = {
  pre_open: () => gettext("Pré-abertura"),
  closing_call: () => gettext("Call de fechamento"),
  after_market: () => gettext("After-market"),
  closed: () => gettext("Mercado fechado"),
};
const REASONS = {
  late: () => gettext("a fonte está atrasada"),
  down: () => gettext("as cotações pararam de chegar ao servidor"),
  silent: () => gettext("o servidor não responde"),
  closed: () => gettext("reconectando"),
  connecting: () => gettext("conectando"),
  session: () => gettext("sua sessão terminou"),
  offline: () => gettext("você está sem internet"),
  gone: () => gettext("recarregue a página"),
  flooded: () => gettext("o servidor encerrou a conexão; recarregue a página"),
};

/**
 * Show the state of `socket` in `bar`, and mark the page: `data-prices` is `stale` or `live`. Style sheets
 * mark all prices by it, and the figures derived from them; the server renders the same attribute. Scripts
 * that draw prices listen for `priceage`.
 */
export function attachStatus(bar, socket) {
  socket.addEventListener("late", () => markLate(socket));
  const status = new MarketStatus(bar, socket);
  socket.setRenderedBatch(bar.dataset.newestAt);
  socket.addEventListener("status", () => status.render());
  setInterval(() => status.render(), 1000);
  document.addEventListener("visibilitychange", () => status.render());
  displayElsewhere(socket.connection);
  status.render();
}

/**
 * Mark the elements of symbols that the last batch did not reach, and sums over all symbols of the page.
 * Call it again when elements were added.
 */
export function markLate({ late }) {
  for (const element of document.querySelectorAll("[data-symbol]")) {
    element.toggleAttribute("data-late", late.has(element.dataset.symbol));
  }
  for (const element of document.querySelectorAll("[data-sums]")) {
    element.toggleAttribute("data-late", late.size > 0);
  }
  document.dispatchEvent(new CustomEvent("priceage"));
}

/** Return whether the prices of one element, or of the whole page, are old. */
export function isStale(element = document.body) {
  return element.closest('[data-prices="stale"], [data-late]') !== null;
}

class MarketStatus {
  constructor(bar, socket) {
    this._socket = socket;
    this._lastClose = bar.dataset.lastClose;
    this._feed = part(bar, "feed");
    this._stateText = part(this._feed, "state");
    this._why = part(this._feed, "why");
    this._renderedState = this._feed.dataset.feed; // until the first frame
    this._login = part(bar, "login");
    this._live = part(bar, "live"); // for screen readers
    this._startedAt = performance.now();
    this._shownState = null;
  }

  render() {
    const { source, sessionEnded } = this._socket;
    const state = this._state();
    const [text, reason] = [this._text(state), this._reason(state)];
    setData(this._feed, "feed", state);
    setText(this._stateText, text);
    setText(this._why, [this._oldAge(state), reason].filter(Boolean).join(": "));
    this._showAge(state);
    const origin = source && gettext("Fonte: %(source)s", { source: sourceName(source) });
    if (origin && this._feed.title !== origin) this._feed.title = origin;
    this._showLogin(sessionEnded);
    if (this._shownState === state) return;
    if (this._shownState !== null) setText(this._live, [text, reason].filter(Boolean).join(": "));
    this._shownState = state;
    if (state !== "connecting") {
      document.documentElement.dataset.prices = state === "live" ? "live" : "stale";
      document.dispatchEvent(new CustomEvent("priceage"));
    }
  }

  _state() {
    const { feed, reason } = this._socket;
    if (feed === "live") return "live";
    const isYoung = performance.now() - this._startedAt < CONNECTING_MS;
    if (reason === "connecting" && isYoung) return this._renderedState;
    return reason === "late" ? "late" : "down";
  }

  _text(state) {
    if (state === "connecting") return gettext("Conectando…");
    if (state !== "live") return gettext("Desatualizado");
    return SESSIONS[this._session]?.() ?? gettext("Ao vivo");
  }

  /** Return why prices are old; "" while they are not. */
  _reason(state) {
    if (state === "live" || state === "connecting") return "";
    const isConnecting = this._socket.reason === "connecting" && this._renderedState !== "connecting";
    const name = isConnecting ? this._renderedState : this._socket.reason;
    return REASONS[name]?.() ?? name;
  }

  /** Return "há 5 s" of old prices; "" while they are not, or if their time is unknown. */
  _oldAge(state) {
    const ms = this._socket.staleMs();
    if (state === "live" || state === "connecting" || ms === null) return "";
    return age(Math.max(1, ms / 1000));
  }

  /** Show beside the text the age of live prices, or the day of the last close. */
  _showAge(state) {
    const ms = this._socket.staleMs();
    const isClosed = this._session === "closed";
    const text = isClosed ? this._closeDay() : ms !== null && shortAge(ms / 1000);
    setData(this._feed, "age", state === "live" && text ? text : null);
  }

  /** The session of the page's stocks: B3's, unless all are crypto currencies. */
  get _session() {
    const symbols = [...this._socket.symbols];
    return symbols.length && symbols.every(isPair) ? "open" : this._socket.session;
  }

  _closeDay() {
    const quotes = [...this._socket.quotes.values()].filter(({ symbol }) => !isPair(symbol));
    const times = quotes.map((quote) => Date.parse(quote.quoted_at));
    const newest = Math.max(...times.filter((time) => !Number.isNaN(time)));
    return Number.isFinite(newest) ? day(newest) : this._lastClose;
  }

  /** Offer the log-in after a session ended: prices continue, as for any visitor. */
  _showLogin(sessionEnded) {
    if (this._login.hidden !== sessionEnded) return;
    this._login.hidden = !sessionEnded;
    if (sessionEnded) setText(this._live, this._login.textContent);
  }
}
