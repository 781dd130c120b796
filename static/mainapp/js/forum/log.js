// The list of messages: kept in order, without moving the text that is being read.
import { build, parseFragment, part } from "../core/dom.js";
import { gettext } from "../core/i18n.js";
import { arrange, markUnread } from "./grouping.js";
import { excerptOf, showDeleted, updateQuotes } from "./message.js";

const NEAR_END_PX = 60;
const BURST_MS = 100; // messages within this time are laid out together: each time costs up to 50 ms
const MAX_MESSAGES = 240; // on the page, which has only a part of a long room

/**
 * Wraps the list that the server rendered. Its scroller is laid out from the end (column-reverse): its
 * scrollTop is 0 at the end and negative above it. The list is a part of the room, without gaps; it is
 * detached while newer messages follow it, which a line `.talk-later` loads.
 *
 * Events: `shown` {elements, isEarlier, isRendered} (by the server), `newest`, `position` {isAtEnd, unseen}.
 */
export class RoomLog extends EventTarget {
  constructor({ scroll, list, builder, path }) {
    super();
    this.list = list;
    this.unseen = 0;
    this._wasAtEnd = true;
    this._scroll = scroll;
    this._builder = builder;
    this._path = path;
    this._blocked = new Set();
    this._waiting = []; // messages of a burst
    this._timer = null;
    this._appendedAt = -Infinity;
    this._scroll.addEventListener("scroll", () => this._onScroll(), { passive: true });
  }

  get isDetached() {
    return this.list.querySelector(".talk-later") !== null;
  }

  get isAtEnd() {
    return !this.isDetached && this._scroll.scrollTop > -NEAR_END_PX;
  }

  get lastSeq() {
    return Number(this._numbered().at(-1)?.dataset.seq ?? 0);
  }

  /** Append messages; the caller passes them in the order of their numbers. */
  append(items) {
    this._waiting.push(...items);
    if (this._timer !== null) return;
    if (performance.now() - this._appendedAt > BURST_MS) this._flush();
    else this._timer = setTimeout(() => this._flush(), BURST_MS);
  }

  _flush() {
    clearTimeout(this._timer);
    this._timer = null;
    const items = this._waiting.splice(0);
    if (!items.length) return;
    this._appendedAt = performance.now();
    if (this.isDetached) {
      this.unseen += items.length;
      this._emitPosition();
      return;
    }
    this._withoutScrolling(() => {
      this.list.querySelector(".talk-empty")?.remove();
      const elements = items.map((item) => this._insert(item)).filter(Boolean);
      arrange(this.list);
      this._emit("shown", { elements });
    }, items);
    if (this._wasAtEnd) this._trimStart();
  }

  /** Insert a page of earlier messages at the top. */
  prepend(html) {
    this._flush();
    const earlier = parseFragment(html);
    for (const line of earlier.querySelectorAll(".talk-end, .talk-later")) line.remove();
    this.list.querySelector(".talk-earlier")?.remove();
    const elements = [...earlier.querySelectorAll(".msg")];
    this.list.prepend(earlier);
    arrange(this.list);
    this._emit("shown", { elements, isEarlier: true, isRendered: true });
    this._trimEnd();
  }

  /** Insert a page of later messages at the end of a detached list. */
  extend(html) {
    this._flush();
    const later = parseFragment(html);
    for (const line of later.querySelectorAll(".talk-end, .talk-earlier, .talk-start, .talk-empty")) line.remove();
    const elements = [...later.querySelectorAll(".msg")];
    this.change(() => {
      this.list.querySelector(".talk-later")?.remove();
      this._end().before(later);
      arrange(this.list);
    });
    this._emit("shown", { elements, isRendered: true });
    this._trimStart();
    if (!this.isDetached) this._emit("newest");
  }

  /** Replace the whole list; messages that wait to be sent stay at the end of the newest ones. */
  replace(html) {
    this._flush();
    const pending = [...this.list.querySelectorAll(".msg.pending")];
    this.list.replaceChildren(parseFragment(html));
    if (!this.isDetached) for (const element of pending) this._end().before(element);
    this.toEnd();
    this._emit("shown", { elements: this._messages(), isRendered: true });
    if (!this.isDetached) this._emit("newest");
  }

  /** Show a message that waits for its acknowledgement. */
  appendPending(entry, user) {
    this._flush();
    if (this.isDetached || this.pending(entry.client_id)) return;
    this._withoutScrolling(() => {
      this.list.querySelector(".talk-empty")?.remove();
      const { kind, content, shown, reply, body } = entry;
      const caption = content?.caption ?? "";
      const item = { user, sent_at: entry.at, body_html: "", kind, content: { ...shown, caption }, reply_to: reply };
      const element = this._builder.build(item);
      element.classList.add("pending", "own");
      element.dataset.clientId = entry.client_id;
      const text = part(element, "body");
      text?.classList.add("plain");
      if (text) text.textContent = body ?? caption;
      part(element, "menu")?.remove();
      element.removeAttribute("id");
      this._end().before(element);
      arrange(this.list);
    }, []);
    this.toEnd();
  }

  pending(clientId) {
    return this.list.querySelector(`.msg.pending[data-client-id="${CSS.escape(clientId)}"]`);
  }

  dropPending(clientId) {
    this.pending(clientId)?.remove();
    arrange(this.list);
  }

  edit({ seq, body_html: html, body }) {
    const element = this.find(seq);
    if (!element || element.classList.contains("deleted")) return;
    this.change(() => {
      part(element, "body").innerHTML = html;
      part(element, "edited").hidden = false;
      if (body !== undefined) element.dataset.body = body;
      updateQuotes(this.list, seq, excerptOf(element));
    });
    this._emit("shown", { elements: [element] });
  }

  delete({ seq }) {
    updateQuotes(this.list, seq, null);
    const element = this.find(seq);
    if (!element || element.classList.contains("deleted")) return;
    this.change(() => {
      showDeleted(element);
      arrange(this.list);
    });
  }

  /** Apply a change; the view stays at the end, or at the text that is being read. */
  change(change) {
    this._withoutScrolling(change, []);
  }

  /** Fold the messages of these users, whom the reader blocks. */
  fold(users) {
    this._blocked = new Set(users);
    this.change(() => this._messages().forEach((element) => this._foldOne(element)));
  }

  /** Show a line before the first message after `seq`, unless the server did. */
  markUnread(seq) {
    markUnread(this.list, seq);
  }

  /** Scroll to the first unread message if it is above the view or `isForced`. */
  showUnread({ isForced = false } = {}) {
    const line = this.list.querySelector(".talk-unread");
    if (!line) return;
    const above = line.getBoundingClientRect().top - this._scroll.getBoundingClientRect().top;
    if (above < 0 || isForced) this._scroll.scrollTop += above; // not scrollIntoView: the page must not move
    this._onScroll();
  }

  find(seq) {
    this._flush();
    return this.list.querySelector(`.msg[data-seq="${Number(seq)}"]:not(.pending)`);
  }

  /** Put a message into the middle of the view, and point it out. */
  show(element) {
    const [box, view] = [element.getBoundingClientRect(), this._scroll.getBoundingClientRect()];
    this._scroll.scrollTop += box.top + box.height / 2 - (view.top + view.height / 2);
    element.classList.remove("is-found");
    element.getBoundingClientRect(); // restarts the animation
    element.classList.add("is-found");
    this._onScroll();
  }

  toEnd() {
    this._scroll.scrollTop = 0;
    this._onScroll();
  }

  _foldOne(element) {
    element.classList.toggle("folded", this._blocked.has(Number(element.dataset.author)));
  }

  _insert(item) {
    if (item.client_id) this.pending(item.client_id)?.remove();
    if (this.find(item.seq)) return null;
    const element = this._builder.build(item);
    this._foldOne(element);
    (this.list.querySelector(".msg.pending") ?? this._end()).before(element);
    return element;
  }

  /** Remove the messages furthest above the end; a line loads them again. */
  _trimStart() {
    const extra = this._numbered().slice(0, -MAX_MESSAGES);
    if (!extra.length) return;
    for (const element of extra) element.remove();
    for (const line of this.list.querySelectorAll(".talk-earlier, .talk-start")) line.remove();
    const first = this._numbered()[0].dataset.seq;
    const text = gettext("Mensagens anteriores");
    this.list.prepend(buildMore("talk-earlier", `${this._path}?before=${first}`, text));
    arrange(this.list);
  }

  /** Remove the messages furthest below the view, which detaches the list. */
  _trimEnd() {
    const extra = this._numbered().slice(MAX_MESSAGES);
    if (!extra.length) return;
    this.change(() => {
      for (const element of [...extra, ...this.list.querySelectorAll(".msg.pending, .talk-later")]) element.remove();
      const text = gettext("Mensagens seguintes");
      this._end().before(buildMore("talk-later", `${this._path}?after=${this.lastSeq}`, text));
      arrange(this.list);
    });
    this._emitPosition();
  }

  _withoutScrolling(change, items) {
    if (this._wasAtEnd && !this.isDetached) {
      change(); // laid out from the end, the view stays there: nothing needs to be measured
      return;
    }
    const [top, height] = [this._scroll.scrollTop, this._scroll.scrollHeight];
    change();
    this._scroll.scrollTop = top - (this._scroll.scrollHeight - height);
    this.unseen += items.length;
    if (items.length) this._emitPosition();
  }

  _onScroll() {
    const isChanged = this._wasAtEnd !== this.isAtEnd;
    const hasSeen = this.isAtEnd && this.unseen > 0;
    this._wasAtEnd = this.isAtEnd;
    if (this.isAtEnd) this.unseen = 0;
    if (hasSeen || isChanged) this._emitPosition();
  }

  _emitPosition() {
    this._emit("position", { isAtEnd: this.isAtEnd, unseen: this.unseen });
  }

  _end() {
    return this.list.querySelector(".talk-end");
  }

  _messages() {
    return [...this.list.querySelectorAll(".msg")];
  }

  /** Return the messages that have a number, which are the acknowledged ones. */
  _numbered() {
    return [...this.list.querySelectorAll(".msg:not(.pending)")];
  }

  _emit(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function buildMore(className, href, text) {
  return build("li", { className }, build("a", { className: "button button-small", href }, text));
}
