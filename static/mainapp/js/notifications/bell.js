// The bell: the count of unread notifications, a toast for each new one, the page's list; the count of unread messages.
import { Connection, socketUrl } from "../core/connection.js";
import { watchConnection } from "../core/connection-status.js";
import { part } from "../core/dom.js";
import { fetchElement } from "../core/http.js";
import { ngettext } from "../core/i18n.js";
import { OPENED, announceNotification, announcePart, announceRoom } from "../core/refresh.js";
import { readText, writeText } from "../core/storage.js";
import { BellPopover } from "./popover.js";
import { attachSoundSwitch, playSound } from "./sound.js";
import { showToast } from "./toasts.js";
import { restoreRoomsUnread, shortCount, showRoomsUnread } from "./unread.js";

const SILENCE_MS = 10_000; // then a ping is sent: there may be no notification for days
const PROBE_MS = 4_000;
const REFRESH_MS = 150;
const UNREAD_KEY = "unread"; // shown until the first frame comes

const bell = document.querySelector("[data-bell]");
const list = document.querySelector("[data-inbox]");
const connection = new Connection({
  url: () => socketUrl("/ws/notifications/"),
  silenceMs: SILENCE_MS,
  probeMs: PROBE_MS,
  needsLogin: true,
});
// On the page of notifications itself the bell is a plain link.
const popover = bell && !list ? new BellPopover(bell, { markRead }) : null;
let unread = 0;
let lastId = null; // of the newest notification that was announced
let refreshTimer = null;

function showUnread(count) {
  unread = Math.max(0, count);
  const badge = part(bell, "count");
  badge.textContent = shortCount(unread);
  badge.hidden = unread === 0;
  const text = ngettext("%s não lida", "%s não lidas", unread);
  part(bell, "label").textContent = unread ? `: ${text}` : "";
  writeText(UNREAD_KEY, String(unread), "sessionStorage");
}

/** Mark notifications as read: a list of ids, or "all". Returns whether it was sent. */
function markRead(ids) {
  return connection.send({ type: "mark_read", ids });
}

function announce(item) {
  if (item.id <= lastId) return;
  lastId = item.id;
  showToast(item, () => markRead([item.id]));
  playSound();
  announceNotification(item);
}

/** Reload the list, unless the keyboard's focus is in it, and an open popover. */
function refreshList() {
  popover?.refresh();
  if (!list || list.contains(document.activeElement)) return;
  clearTimeout(refreshTimer);
  refreshTimer = setTimeout(async () => {
    const loaded = await fetchElement(window.location.href, "[data-inbox]").catch(() => null);
    if (loaded) list.replaceChildren(...loaded.children); // else the next frame tries again
  }, REFRESH_MS);
}

/** Return the newest notification that the page's list shows, 0 without one. */
function newestListed() {
  return Number(list?.querySelector("[data-id]")?.dataset.id ?? 0);
}

/** Return whether a notification may be newer than the page that the server rendered. */
function isNewerThanPage(item) {
  const renderedAt = document.querySelector('meta[name="server-time"]')?.content ?? "";
  return Date.parse(item.created_at) >= Date.parse(renderedAt);
}

function showRoom(frame) {
  showRoomsUnread(frame.rooms_unread);
  announceRoom(frame);
}

const HANDLERS = {
  snapshot(frame) {
    showUnread(frame.unread);
    showRoomsUnread(frame.rooms_unread);
    bell.dataset.ready = "";
    // One may have come after the page was rendered and before the connection was open.
    const isFirst = lastId === null;
    const isBehind = isFirst && newestListed() < frame.last_id;
    const missed = isFirst ? [] : frame.items.filter((item) => !item.is_read && item.id > lastId);
    missed.reverse().forEach(announce);
    lastId = Math.max(lastId ?? 0, frame.last_id);
    if (missed.length || isBehind) refreshList();
    if (isFirst) frame.items.filter(isNewerThanPage).forEach(announceNotification);
    else announceRoom(frame);
    announcePart(isFirst ? OPENED : ""); // changes before may have been missed
  },
  notification(frame) {
    if (frame.id <= lastId) return;
    showUnread(unread + (frame.is_read ? 0 : 1));
    announce(frame);
    refreshList();
  },
  read(frame) {
    showUnread(frame.unread);
    refreshList();
  },
  deleted(frame) {
    showUnread(frame.unread);
    refreshList();
  },
  changed: (frame) => announcePart(frame.part),
  room_state: showRoom,
  room_gone: showRoom,
};

if (bell) {
  showUnread(Number(readText(UNREAD_KEY, "sessionStorage")) || 0);
  restoreRoomsUnread();
  document.querySelectorAll("[data-sound-switch]").forEach(attachSoundSwitch);
  list?.addEventListener("click", (event) => {
    const link = event.target.closest("[data-open]");
    if (link) markRead([Number(link.dataset.open)]);
  });
  connection.addEventListener("frame", ({ detail }) => HANDLERS[detail.frame?.type]?.(detail.frame));
  watchConnection(connection);
  connection.start();
}
