// Moving in a long room: earlier and later messages while scrolling, one message, the first unread, the newest.
import { part } from "../core/dom.js";
import { fetchFragment } from "../core/http.js";
import { gettext } from "../core/i18n.js";

const HALF_PAGE = 25;

/** Loads the parts of the room around which the reader moves; `path` is the address of its page. */
export class Paging {
  constructor(root, { log, socket, path }) {
    this._root = root;
    this._log = log;
    this._socket = socket;
    this._path = path;
    this._isLoading = false;
    this._observer = new IntersectionObserver((entries) => this._onSeen(entries), {
      root: part(root, "scroll"),
      rootMargin: "200px 0px 200px",
    });
  }

  attach() {
    this._log.list.addEventListener("click", (event) => {
      const link = event.target.closest(":is(.talk-earlier, .talk-later) a");
      const quoted = event.target.closest(".msg-reply");
      if (!link && !quoted) return;
      event.preventDefault();
      if (link) this._load(link);
      else this.goTo(Number(quoted.dataset.seq));
    });
    const unread = part(this._root, "first-unread");
    unread?.addEventListener("click", async (event) => {
      event.preventDefault();
      unread.remove();
      if (await this._open(unread.getAttribute("href"))) this._log.showUnread({ isForced: true });
    });
    this._log.addEventListener("position", () => this.observe());
    this.observe();
  }

  /** Show a message, after loading the part of the room around it. */
  async goTo(seq) {
    if (!this._log.find(seq)) await this._open(`${this._path}?before=${seq + HALF_PAGE}`);
    const element = this._log.find(seq);
    if (element) this._log.show(element);
  }

  /** Show the newest messages. */
  async toNewest() {
    if (this._log.isDetached) await this._open(this._path);
    this._log.toEnd();
  }

  /** Load the newest messages instead of thousands that were missed. */
  async reload() {
    await this._open(this._path);
  }

  /** Watch the lines that load more, which come and go. */
  observe() {
    this._observer.disconnect();
    for (const line of this._log.list.querySelectorAll(".talk-earlier, .talk-later")) this._observer.observe(line);
  }

  _onSeen(entries) {
    const link = entries.find((entry) => entry.isIntersecting)?.target.querySelector("a");
    if (link?.isConnected) this._load(link);
  }

  async _load(link) {
    if (this._isLoading) return;
    this._isLoading = true;
    const text = link.textContent;
    link.textContent = gettext("Carregando…");
    const { html } = await fetchFragment(link.href);
    this._isLoading = false;
    if (html === null) link.textContent = text;
    else if (link.closest(".talk-earlier")) this._log.prepend(html);
    else this._extend(html);
    this.observe();
  }

  async _open(url) {
    const { html } = await fetchFragment(url);
    if (html === null) return false;
    this._log.replace(html);
    this._follow();
    this.observe();
    return true;
  }

  _extend(html) {
    this._log.extend(html);
    this._follow();
  }

  /** Messages may have come while the newest ones were loading: the socket sends those after them again. */
  _follow() {
    if (!this._log.isDetached) this._socket.restartFrom(this._log.lastSeq, Number(this._root.dataset.revision));
  }
}
