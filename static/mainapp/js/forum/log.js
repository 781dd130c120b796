// The list of messages: kept in order, without moving the text that is being read.
import { build, parseFragment, part } from "../core/dom.js";
import { gettext, ngettext } from "../core/i18n.js";
import { arrange } from "./grouping.js";
import { excerptOf, showDeleted, updateQuotes } from "./message.js";

const NEAR_END_PX = 60;
const MAX_MESSAGES = 240; // on the page: of a long room, only a part is there

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
    if (this.isDetached) {
      this.unseen += items.length;
      this._emitPosition();
      return;
    }
    this._withoutScrolling(() => {
      this.list.querySelector(".talk-empty")?.remove();
      for (const item of items) this._insert(item);
      arrange(this.list);
    }, items);
    if (this.isAtEnd) this._trimStart();
  }

  /** Insert a page of earlier messages at the top. */
  prepend(html) {
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
    const pending = [...this.list.querySelectorAll(".msg.pending")];
    this.list.replaceChildren(parseFragment(html));
    if (!this.isDetached) for (const element of pending) this._end().before(element);
    this.toEnd();
    this._emit("shown", { elements: this._messages(), isRendered: true });
    if (!this.isDetached) this._emit("newest");
  }

  /** Show a message that waits for its acknowledgement. */
  appendPending(entry, user) {
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

  /** Change what is shown; the view stays at the end, or at the text that is being read. */
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
    const first = this._messages().find((element) => Number(element.dataset.seq) > seq && !isOwn(element));
    if (!first || this._divider()) return;
    const count = this.lastSeq - seq;
    const text = ngettext("%s mensagem nova", "%s mensagens novas", count);
    const line = build("li", { className: "talk-unread" }, build("span", {}, text));
    const before = first.previousElementSibling;
    (before?.classList.contains("talk-day") ? before : first).before(line);
  }

  /** Begin at the first unread message if it is above the view, or wherever it is. */
  showUnread({ isForced = false } = {}) {
    const line = this._divider();
    if (!line) return;
    const above = line.getBoundingClientRect().top - this._scroll.getBoundingClientRect().top;
    if (above < 0 || isForced) this._scroll.scrollTop += above; // not scrollIntoView: the page must not move
  }

  find(seq) {
    return this.list.querySelector(`.msg[data-seq="${Number(seq)}"]:not(.pending)`);
  }

  /** Put a message into the middle of the view, and point it out. */
  show(element) {
    const [box, view] = [element.getBoundingClientRect(), this._scroll.getBoundingClientRect()];
    this._scroll.scrollTop += box.top + box.height / 2 - (view.top + view.height / 2);
    element.classList.remove("is-found");
    element.getBoundingClientRect(); // begins the animation anew
    element.classList.add("is-found");
  }

  toEnd() {
    this._scroll.scrollTop = 0;
    this._onScroll();
  }

  _divider() {
    return this.list.querySelector(".talk-unread");
  }

  _foldOne(element) {
    element.classList.toggle("folded", this._blocked.has(Number(element.dataset.author)));
  }

  _insert(item) {
    if (item.client_id) this.dropPending(item.client_id);
    if (this.find(item.seq)) return;
    const element = this._builder.build(item);
    this._foldOne(element);
    (this.list.querySelector(".msg.pending") ?? this._end()).before(element);
    this._emit("shown", { elements: [element] });
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

  /** Remove the messages furthest below what is read, which detaches the list. */
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
    const wasAtEnd = this.isAtEnd;
    const [top, height] = [this._scroll.scrollTop, this._scroll.scrollHeight];
    change();
    if (wasAtEnd) {
      this._scroll.scrollTop = 0;
      return;
    }
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

  /** Return the messages that have a number: those that are sent. */
  _numbered() {
    return [...this.list.querySelectorAll(".msg:not(.pending)")];
  }

  _emit(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function isOwn(element) {
  return element.classList.contains("own") || element.classList.contains("is-note");
}

function buildMore(className, href, text) {
  return build("li", { className }, build("a", { className: "button button-small", href }, text));
}
