// The list of the reader's private rooms, kept up to date by the frames of the notifications' socket.
import { watchPresence } from "../accounts/presence.js";
import { part, setText } from "../core/dom.js";
import { fetchElement } from "../core/http.js";
import { gettext } from "../core/i18n.js";
import { onRoom } from "../core/refresh.js";
import { clock } from "../core/time.js";
import { shortCount } from "../notifications/unread.js";

const ROOT = "[data-part=conversations]";
const LIST = "[data-part=list], .rows";
const RELOAD_MS = 300;

class ConversationList {
  constructor(root) {
    this._root = root;
    this._isPage = root.dataset.page !== undefined;
    this._isUnreadOnly = root.dataset.unreadOnly !== undefined; // the block of the home page
    this._me = Number(document.body.dataset.member);
    this._timer = null;
  }

  /** Apply a `room_state` or `room_gone` frame. Data that frames lack is loaded from the server. */
  apply(frame) {
    if (frame.type === "snapshot") {
      this._catchUp(frame);
      return;
    }
    const row = this._root.querySelector(`[data-conversation="${frame.room}"]`);
    const isRead = this._isUnreadOnly && frame.unread === 0;
    if (frame.type === "room_gone" || isRead) this._remove(row);
    else if (!row || !this._update(row, frame)) this._reload();
  }

  _remove(row) {
    row?.remove();
    if (this._isUnreadOnly && !this._root.querySelector("[data-conversation]")) this._root.remove();
  }

  _update(row, { unread, last, muted }) {
    const text = last ? this._describe(last, row.dataset.kind) : null;
    if (text === null || muted !== (row.dataset.muted !== undefined)) return false;
    const isOpen = row.querySelector("[aria-current]") && document.visibilityState === "visible";
    const badge = part(row, "unseen");
    setText(part(badge, "count"), shortCount(unread));
    badge.hidden = unread === 0 || Boolean(isOpen);
    setText(part(row, "last"), text);
    const time = part(row, "time");
    if (time) this._move(row, time, last.sent_at);
    return true;
  }

  /** Show the time of a row's newest message, and move the row to the top if it is a new one. */
  _move(row, time, sentAt) {
    const isNewer = Date.parse(sentAt) > Date.parse(time.dateTime);
    time.dateTime = sentAt;
    if (!isNewer) return;
    setText(time, clock(sentAt).slice(0, 5));
    if (row.closest("[data-part=list]") && !row.contains(document.activeElement)) row.parentElement.prepend(row);
  }

  /** Return a newest message in one line; null if only the server can word it. */
  _describe({ user, kind, excerpt }, roomKind) {
    const text = describeKind(kind, excerpt);
    if (text === null) return null;
    if (user?.id === this._me) return `${gettext("Você")}: ${text}`;
    return roomKind === "direct" || !user ? text : `\u2068${user.name}\u2069: ${text}`;
  }

  /** Load the rooms again, as frames about them may have been missed. */
  _catchUp({ rooms_unread: unread }) {
    if (this._isUnreadOnly && unread === 0) this._root.remove();
    else this._load();
  }

  _reload() {
    if (this._isUnreadOnly) return; // it shows no other rooms before the page is loaded again
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this._load(), RELOAD_MS);
  }

  async _load() {
    const url = this._isPage || this._isUnreadOnly ? window.location.href : this._root.dataset.url;
    const loaded = await fetchElement(url, ROOT).catch(() => null);
    const [list, own] = [loaded, this._root].map((root) => root?.querySelector(LIST));
    if (!loaded || this._root.contains(document.activeElement)) return;
    if (!list || !own) return;
    own.replaceChildren(...this._withCurrent(list, own));
    watchPresence(own);
    this._root.querySelector(".conversations-none")?.remove();
  }

  /** Return the rows of a loaded list, with the open room marked as in the current list. */
  _withCurrent(list, own) {
    const current = own.querySelector("[aria-current]")?.getAttribute("href");
    const link = current && list.querySelector(`[href="${CSS.escape(current)}"]`);
    if (link) {
      link.setAttribute("aria-current", "page");
      part(link, "unseen").hidden = true;
    }
    return list.children;
  }
}

function describeKind(kind, excerpt) {
  if (kind === "image") return excerpt ? gettext("Foto: %s", [excerpt]) : gettext("Foto");
  if (kind === "file") return gettext("Arquivo: %s", [excerpt]);
  return kind === "system" || !excerpt ? null : excerpt;
}

const lists = new Map([...document.querySelectorAll(ROOT)].map((root) => [root, new ConversationList(root)]));
onRoom((frame) => {
  for (const [root, list] of lists) {
    if (root.isConnected) list.apply(frame);
    else lists.delete(root);
  }
});
// A block of a club's page, loaded again by js/clubs/club.js.
document.addEventListener("clubpart", ({ detail: root }) => {
  if (root.matches(ROOT) && !lists.has(root)) lists.set(root, new ConversationList(root));
});
