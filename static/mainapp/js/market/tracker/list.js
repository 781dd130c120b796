// The list that the tracker's rows belong to: one of the account's, the browser's, or that of a link.
import { post } from "../../core/http.js";
import { gettext } from "../../core/i18n.js";
import * as watchlist from "../watchlist.js";

/**
 * Return the list of the page. `save({add, remove, order})` resolves to the list's symbols, or null when they
 * are those of the page; `follow(show)` calls `show(symbols)` when another tab or device changed it.
 */
export function openList({ url, isOwn, isShared, symbols }) {
  if (isShared) return isOwn ? new SharedList(url) : new ReadOnlyList(url);
  if (!isOwn) return new LinkedList();
  return url ? new AccountList(url) : new BrowserList(symbols);
}

/** The stocks that a link names: edits change this page only. */
class LinkedList {
  async save() {
    return null;
  }

  follow() {}
}

/** The list of an anonymous visitor, in the browser's storage. */
class BrowserList {
  constructor(symbols) {
    if (symbols.length) watchlist.set(symbols);
  }

  async save({ order }) {
    watchlist.set(order);
    return null;
  }

  follow(show) {
    watchlist.onChange(show);
    window.addEventListener("pageshow", ({ persisted }) => {
      if (persisted) show(watchlist.get());
    });
  }
}

/** A list of the account. Changes are sent one after the other, so that the last one wins. */
class AccountList {
  constructor(url) {
    this._url = url;
    this._saving = Promise.resolve();
    this._unsaved = 0;
  }

  /** Resolves to null while later changes wait. Raises RequestError with a sentence for the reader. */
  async save({ add = [], remove = [], order = [] }) {
    this._unsaved += 1;
    const sent = this._saving.then(() => post(this._url, { add, remove, order }, MESSAGES()));
    this._saving = sent.catch(() => null);
    try {
      const { symbols } = await sent;
      return this._unsaved === 1 ? symbols : null;
    } finally {
      this._unsaved -= 1;
    }
  }

  /** The server announces changes on the socket; a page that was asleep or offline missed some. */
  follow(show, socket) {
    const load = () => this._load(show);
    socket.addEventListener("lists", load);
    socket.connection.addEventListener("opened", load);
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") load();
    });
  }

  async _load(show) {
    if (this._unsaved) return; // the answer to the last change brings the list
    const response = await fetch(this._url, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!response?.ok || this._unsaved) return;
    show((await response.json()).symbols);
  }
}

/** A club's list. Whoever is no longer a member has to leave the page. */
class SharedList extends AccountList {
  async _load(show) {
    if (this._unsaved) return;
    const response = await fetch(this._url, { headers: { Accept: "application/json" } }).catch(() => null);
    if (response?.status === 404) window.location.replace(window.location.pathname);
    else if (response?.ok && !this._unsaved) show((await response.json()).symbols);
  }
}

/** The same for members who do not manage the club: the page shows the club's list again. */
class ReadOnlyList extends SharedList {
  async save() {
    const response = await fetch(this._url, { headers: { Accept: "application/json" } }).catch(() => null);
    return response?.ok ? (await response.json()).symbols : null;
  }
}

const MESSAGES = () => ({
  unreachable: gettext("Sem conexão: a lista não mudou."),
  refused: gettext("Não foi possível guardar a lista."),
});
