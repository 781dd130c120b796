// The list of messages: what comes is put in order, and what is read stays where it is.
import { clock, day } from "../core/number.js";
import { gettext } from "../market/quotes.js";

const NEAR_END_PX = 60;
const SAME_BREATH_MS = 5 * 60 * 1000;
const HUES = 8;

/**
 * Stands on the page's own list. Its scroller lays its content out from the end (column-reverse), so
 * that its scrollTop is 0 at the end and negative above it.
 *
 * Events: `shown` {elements}, `unseen` {count}.
 */
export class RoomLog extends EventTarget {
  constructor({ scroll, list, template, userId, hostId, profileUrl }) {
    super();
    this.list = list;
    this.unseen = 0;
    this._scroll = scroll;
    this._template = template;
    this._userId = userId;
    this._hostId = hostId;
    this._profileUrl = profileUrl;
    this._scroll.addEventListener("scroll", () => this._isAtEnd() && this._see());
  }

  get lastSeq() {
    return Number(this._messages().at(-1)?.dataset.seq ?? 0);
  }

  /** Add what was said, each after all that has a lower number. */
  append(items) {
    this._keepingPlace(() => {
      this.list.querySelector(".talk-empty")?.remove();
      for (const item of items) this._put(item);
      this._arrange();
    }, items);
  }

  /** Add the page's list of earlier messages in front. */
  prepend(html) {
    const earlier = parse(html);
    earlier.querySelector(".talk-end")?.remove();
    this.list.querySelector(".talk-earlier")?.remove();
    const elements = [...earlier.querySelectorAll(".msg")];
    this.list.prepend(earlier);
    this._arrange();
    this._emit("shown", { elements });
  }

  /** Put another list in place of all. */
  replace(html) {
    const pending = [...this.list.querySelectorAll(".msg.pending")];
    this.list.replaceChildren(parse(html));
    for (const element of pending) this._end().before(element);
    this.toEnd();
    this._emit("shown", { elements: this._messages() });
  }

  /** Show a message that is on its way. */
  appendPending(entry, user) {
    this._keepingPlace(() => {
      this.list.querySelector(".talk-empty")?.remove();
      const element = this._element({ user, sent_at: entry.at, body_html: "" });
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
    this._keepingPlace(() => {
      part(element, "body").innerHTML = html;
      part(element, "edited").hidden = false;
      if (body !== undefined) element.dataset.body = body;
    }, []);
    this._emit("shown", { elements: [element] });
  }

  delete({ seq }) {
    const element = this.find(seq);
    if (!element || element.classList.contains("deleted")) return;
    this._keepingPlace(() => {
      this._bury(element);
      this._arrange();
    }, []);
  }

  find(seq) {
    return this.list.querySelector(`.msg[data-seq="${Number(seq)}"]:not(.pending)`);
  }

  toEnd() {
    this._scroll.scrollTop = 0;
    this._see();
  }

  _put(item) {
    if (item.client_id) this.dropPending(item.client_id);
    if (this.find(item.seq)) return;
    const element = this._element(item);
    if (item.deleted) this._bury(element);
    (this.list.querySelector(".msg.pending") ?? this._end()).before(element);
    this._emit("shown", { elements: [element] });
  }

  _element(item) {
    const element = this._template.content.firstElementChild.cloneNode(true);
    const [id, seq] = [item.id ?? 0, item.seq ?? 0];
    element.id = `m${seq}`;
    Object.assign(element.dataset, { id, seq, author: item.user?.id ?? "", at: item.sent_at });
    element.classList.toggle("own", item.user !== null && item.user?.id === this._userId);
    if (item.body !== undefined) element.dataset.body = item.body;
    part(element, "avatar").replaceChildren(avatar(item.user));
    const author = part(element, "author");
    author.textContent = item.user?.name ?? gettext("usuário removido");
    if (item.user) author.href = this._profileUrl.replace("/0/", `/${item.user.id}/`);
    else author.removeAttribute("href");
    part(element, "host").hidden = !item.user || item.user.id !== this._hostId;
    const time = part(element, "time");
    time.dateTime = item.sent_at;
    time.textContent = clock(item.sent_at).slice(0, 5);
    time.title = `${day(item.sent_at, { withYear: true })}, ${clock(item.sent_at)} (São Paulo)`;
    part(element, "edited").hidden = !item.edited_at;
    part(element, "body").innerHTML = item.body_html; // made safe by the server
    for (const link of element.querySelectorAll(".msg-actions a[href]")) {
      link.href = link.getAttribute("href").replace("/0/", `/${id}/`);
    }
    const muted = element.querySelector('.msg-actions [name="user"]');
    if (muted) muted.value = item.user?.id ?? 0;
    return element;
  }

  _bury(element) {
    element.classList.add("deleted");
    delete element.dataset.body;
    const body = element.querySelector(".msg-body");
    body.className = "msg-body muted";
    body.textContent = gettext("mensagem apagada");
    part(element, "edited").hidden = true;
    part(element, "menu")?.remove();
  }

  /** Put a line before each day's first message, and join what one person says in a breath. */
  _arrange() {
    for (const line of this.list.querySelectorAll(".talk-day")) line.remove();
    let last = null;
    for (const element of this._messages()) {
      const on = day(element.dataset.at, { withYear: true });
      const isNewDay = !last || day(last.dataset.at, { withYear: true }) !== on;
      if (isNewDay) element.before(dayLine(on));
      element.classList.toggle("follows", !isNewDay && follows(element, last));
      last = element;
    }
  }

  /** Change the list while the reader's place stays: at the end, or at what is being read. */
  _keepingPlace(change, items) {
    const wasAtEnd = this._isAtEnd();
    const [top, height] = [this._scroll.scrollTop, this._scroll.scrollHeight];
    change();
    if (wasAtEnd) {
      this._scroll.scrollTop = 0;
      return;
    }
    this._scroll.scrollTop = top - (this._scroll.scrollHeight - height);
    this.unseen += items.length;
    if (items.length) this._emit("unseen", { count: this.unseen });
  }

  _isAtEnd() {
    return this._scroll.scrollTop > -NEAR_END_PX;
  }

  _see() {
    if (!this.unseen) return;
    this.unseen = 0;
    this._emit("unseen", { count: 0 });
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

export function part(element, name) {
  return element.querySelector(`[data-part="${name}"]`);
}

/** Return a person's picture, or initials in their colour; as `_avatar.html` has it. */
export function avatar(person) {
  if (person?.avatar) {
    const picture = Object.assign(new Image(48, 48), { src: person.avatar, alt: "", className: "avatar-pic" });
    picture.dataset.size = "48";
    return picture;
  }
  const box = document.createElement("span");
  box.className = "avatar-pic";
  box.dataset.size = "48";
  box.setAttribute("aria-hidden", "true");
  if (person) {
    box.dataset.hue = String(person.id % HUES);
    box.textContent = initials(person.name);
  } else box.dataset.nobody = "";
  return box;
}

function initials(name) {
  const words = name.split(/\s+/).filter((word) => /^[\p{L}\p{N}]/u.test(word));
  if (!words.length) words.push(name);
  return [...new Set([words[0], words.at(-1)])].map((word) => [...word][0] ?? "").join("").toUpperCase();
}

function follows(element, last) {
  if (element.classList.contains("deleted") || last.classList.contains("deleted")) return false;
  if (!element.dataset.author || element.dataset.author !== last.dataset.author) return false;
  return Date.parse(element.dataset.at) - Date.parse(last.dataset.at) < SAME_BREATH_MS;
}

function dayLine(text) {
  const line = document.createElement("li");
  line.className = "talk-day";
  const words = document.createElement("span");
  words.textContent = text === day(Date.now(), { withYear: true }) ? gettext("hoje") : text;
  line.append(words);
  return line;
}

/** Return the items of a fragment that the server rendered. */
function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}
