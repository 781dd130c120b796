// The list of messages: kept in order, without moving the text that is being read.
import { serverNow } from "../core/clock.js";
import { build, parseFragment, part } from "../core/dom.js";
import { gettext, ngettext } from "../core/i18n.js";
import { clock, day } from "../core/time.js";
import { buildAvatar } from "./avatar.js";

const NEAR_END_PX = 60;
const GROUP_MS = 5 * 60 * 1000; // messages of one person within this time share one head

/**
 * Wraps the list that the server rendered. Its scroller is laid out from the end (column-reverse): its
 * scrollTop is 0 at the end and negative above it.
 *
 * Events: `shown` {elements, isEarlier}, `position` {isAtEnd, unseen}.
 */
export class RoomLog extends EventTarget {
  constructor({ scroll, list, template, userId, hostId, profileUrl }) {
    super();
    this.list = list;
    this.unseen = 0;
    this._wasAtEnd = true;
    this._scroll = scroll;
    this._template = template;
    this._userId = userId;
    this._hostId = hostId;
    this._profileUrl = profileUrl;
    this._scroll.addEventListener("scroll", () => this._onScroll(), { passive: true });
  }

  get isAtEnd() {
    return this._scroll.scrollTop > -NEAR_END_PX;
  }

  get lastSeq() {
    return Number(this._messages().at(-1)?.dataset.seq ?? 0);
  }

  /** Append messages; the caller passes them in the order of their numbers. */
  append(items) {
    this._withoutScrolling(() => {
      this.list.querySelector(".talk-empty")?.remove();
      for (const item of items) this._insert(item);
      this._arrange();
    }, items);
  }

  /** Insert a page of earlier messages at the top. */
  prepend(html) {
    const earlier = parseFragment(html);
    earlier.querySelector(".talk-end")?.remove();
    this.list.querySelector(".talk-earlier")?.remove();
    const elements = [...earlier.querySelectorAll(".msg")];
    this.list.prepend(earlier);
    this._arrange();
    this._emit("shown", { elements, isEarlier: true });
  }

  /** Replace the whole list; messages that wait to be sent stay. */
  replace(html) {
    const pending = [...this.list.querySelectorAll(".msg.pending")];
    this.list.replaceChildren(parseFragment(html));
    for (const element of pending) this._end().before(element);
    this.toEnd();
    this._emit("shown", { elements: this._messages() });
  }

  /** Show a message that waits for its acknowledgement. */
  appendPending(entry, user) {
    this._withoutScrolling(() => {
      this.list.querySelector(".talk-empty")?.remove();
      const element = this._build({ user, sent_at: entry.at, body_html: "" });
      element.classList.add("pending", "own");
      element.dataset.clientId = entry.client_id;
      part(element, "body").classList.add("plain");
      part(element, "body").textContent = entry.body;
      part(element, "menu")?.remove();
      element.removeAttribute("id");
      this._end().before(element);
      this._arrange();
    }, []);
    this.toEnd();
  }

  pending(clientId) {
    return this.list.querySelector(`.msg.pending[data-client-id="${CSS.escape(clientId)}"]`);
  }

  dropPending(clientId) {
    this.pending(clientId)?.remove();
    this._arrange();
  }

  edit({ seq, body_html: html, body }) {
    const element = this.find(seq);
    if (!element || element.classList.contains("deleted")) return;
    this._withoutScrolling(() => {
      part(element, "body").innerHTML = html;
      part(element, "edited").hidden = false;
      if (body !== undefined) element.dataset.body = body;
    }, []);
    this._emit("shown", { elements: [element] });
  }

  delete({ seq }) {
    const element = this.find(seq);
    if (!element || element.classList.contains("deleted")) return;
    this._withoutScrolling(() => {
      this._showDeleted(element);
      this._arrange();
    }, []);
  }

  /** Show a line before the first message after `seq`, and begin there if it is above the view. */
  markUnread(seq) {
    const first = this._messages().find((element) => Number(element.dataset.seq) > seq && !isOwn(element));
    if (!first) return;
    const count = this.lastSeq - seq;
    const text = ngettext("%s mensagem nova", "%s mensagens novas", count);
    const line = build("li", { className: "talk-unread" }, build("span", {}, text));
    const before = first.previousElementSibling;
    (before?.classList.contains("talk-day") ? before : first).before(line);
    const above = line.getBoundingClientRect().top - this._scroll.getBoundingClientRect().top;
    if (above < 0) this._scroll.scrollTop += above; // not scrollIntoView: the page must not move
  }

  find(seq) {
    return this.list.querySelector(`.msg[data-seq="${Number(seq)}"]:not(.pending)`);
  }

  toEnd() {
    this._scroll.scrollTop = 0;
    this._onScroll();
  }

  _insert(item) {
    if (item.client_id) this.dropPending(item.client_id);
    if (this.find(item.seq)) return;
    const element = this._build(item);
    if (item.deleted) this._showDeleted(element);
    (this.list.querySelector(".msg.pending") ?? this._end()).before(element);
    this._emit("shown", { elements: [element] });
  }

  _build(item) {
    const element = this._template.content.firstElementChild.cloneNode(true);
    const [id, seq] = [item.id ?? 0, item.seq ?? 0];
    element.id = `m${seq}`;
    Object.assign(element.dataset, { id, seq, author: item.user?.id ?? "", at: item.sent_at });
    element.classList.toggle("own", item.user !== null && item.user?.id === this._userId);
    if (item.body !== undefined) element.dataset.body = item.body;
    this._fillAuthor(element, item.user);
    fillTime(part(element, "time"), item.sent_at);
    part(element, "edited").hidden = !item.edited_at;
    part(element, "body").innerHTML = item.body_html; // sanitized by the server
    fillMenu(element, id, item.user?.id ?? 0);
    return element;
  }

  _fillAuthor(element, user) {
    part(element, "avatar").replaceChildren(buildAvatar(user));
    const author = part(element, "author");
    author.textContent = user?.name ?? gettext("usuário removido");
    if (user) author.href = this._profileUrl.replace("/0/", `/${user.id}/`);
    else author.removeAttribute("href");
    part(element, "host").hidden = !user || user.id !== this._hostId;
  }

  _showDeleted(element) {
    element.classList.add("deleted");
    delete element.dataset.body;
    const body = element.querySelector(".msg-body");
    body.className = "msg-body";
    body.textContent = gettext("mensagem apagada");
    part(element, "edited").hidden = true;
    part(element, "menu")?.remove();
  }

  /** Put a line before each day's first message, and group one person's consecutive messages. */
  _arrange() {
    for (const line of this.list.querySelectorAll(".talk-day")) line.remove();
    let last = null;
    for (const element of this._messages()) {
      const date = day(element.dataset.at, { withYear: true });
      const isNewDay = !last || day(last.dataset.at, { withYear: true }) !== date;
      if (isNewDay) element.before(buildDayLine(date));
      element.classList.toggle("follows", !isNewDay && follows(element, last));
      last = element;
    }
  }

  /** Change the list; the view stays at the end, or at the text that is being read. */
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

  _emit(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** Connect the menu of a new message to its button, and its actions to the message. */
function fillMenu(element, id, userId) {
  const panel = element.querySelector("[popover]");
  if (!panel) return;
  panel.id = `menu-${id}`;
  element.querySelector("[popovertarget]").setAttribute("popovertarget", panel.id);
  for (const link of panel.querySelectorAll("a[href]")) {
    link.href = link.getAttribute("href").replace("/0/", `/${id}/`);
  }
  const muted = panel.querySelector('[name="user"]');
  if (muted) muted.value = userId;
}

function isOwn(element) {
  return element.classList.contains("own");
}

function fillTime(time, sentAt) {
  time.dateTime = sentAt;
  time.textContent = clock(sentAt).slice(0, 5);
  time.title = `${day(sentAt, { withYear: true })}, ${clock(sentAt)} (São Paulo)`;
}

function follows(element, last) {
  if (element.classList.contains("deleted") || last.classList.contains("deleted")) return false;
  if (!element.dataset.author || element.dataset.author !== last.dataset.author) return false;
  return Date.parse(element.dataset.at) - Date.parse(last.dataset.at) < GROUP_MS;
}

function buildDayLine(date) {
  const today = day(serverNow(), { withYear: true });
  return build("li", { className: "talk-day" }, build("span", {}, date === today ? gettext("hoje") : date));
}
