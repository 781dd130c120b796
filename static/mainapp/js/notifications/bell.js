// The bell: how many notifications wait, a toast for each that comes, and the list kept up to date.
import { onReturn, reconnectDelay } from "../core/connection.js";

const SESSION_ENDED = 4401;
const CONNECT_MS = 8000;
const TOAST_MS = 10000;
const MAX_TOASTS = 3;
const REFRESH_MS = 150;

const bell = document.querySelector("[data-bell]");
const list = document.querySelector("[data-inbox]");

/** The socket of CONTRACTS' `ws/notifications/`; `onFrame` gets every frame. It comes back by itself. */
class InboxSocket {
  constructor(onFrame) {
    const scheme = window.location.protocol === "https:" ? "wss:" : "ws:";
    this._url = `${scheme}//${window.location.host}/ws/notifications/`;
    this._onFrame = onFrame;
    this._ws = null;
    this._lostAt = null;
    this._timer = null;
  }

  start() {
    onReturn(() => this._wake());
    window.addEventListener("pagehide", () => this._drop());
    this._connect();
  }

  /** Send a frame; false when there is no connection. */
  send(frame) {
    if (this._ws?.readyState !== WebSocket.OPEN) return false;
    this._ws.send(JSON.stringify(frame));
    return true;
  }

  _wake() {
    this._lostAt &&= Date.now();
    if (!this._ws && !this._ended) this._connect();
  }

  _connect() {
    clearTimeout(this._timer);
    const ws = new WebSocket(this._url);
    this._ws = ws;
    ws.onmessage = (event) => this._ws === ws && this._heard(event.data);
    ws.onclose = (event) => this._ws === ws && this._lost(event.code);
    setTimeout(() => {
      if (this._ws === ws && ws.readyState === WebSocket.CONNECTING) this._drop();
    }, CONNECT_MS);
  }

  _heard(data) {
    this._lostAt = null;
    try {
      this._onFrame(JSON.parse(data));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }

  _drop() {
    const ws = this._ws;
    this._lost();
    // To close a socket that is not open yet would be told on the console.
    if (ws?.readyState === WebSocket.CONNECTING) ws.onopen = () => ws.close();
    else ws?.close();
  }

  _lost(code) {
    this._ws = null;
    this._ended = code === SESSION_ENDED;
    if (this._ended) return;
    this._lostAt ??= Date.now();
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this._connect(), reconnectDelay(Date.now() - this._lostAt));
  }
}

// What a browser remembers; storage may be refused --------------------------------------------------

function remembered(storage, key) {
  try {
    return window[storage].getItem(key);
  } catch {
    return null;
  }
}

function remember(storage, key, value) {
  try {
    window[storage].setItem(key, value);
  } catch {
    // it is forgotten with the page
  }
}

// The bell -----------------------------------------------------------------------------------------

let unread = 0;
let lastId = null;

function showUnread(count) {
  unread = Math.max(0, count);
  const badge = bell.querySelector("[data-part=count]");
  badge.textContent = unread > 99 ? "99+" : String(unread);
  badge.hidden = unread === 0;
  const words = ngettext("%s não lida", "%s não lidas", unread);
  bell.querySelector("[data-part=words]").textContent = unread ? `: ${interpolate(words, [unread])}` : "";
  remember("sessionStorage", "unread", String(unread));
}

// Toasts -------------------------------------------------------------------------------------------

function toasts() {
  let region = document.querySelector(".toasts");
  if (!region) {
    region = Object.assign(document.createElement("div"), { className: "toasts" });
    region.setAttribute("role", "status");
    region.setAttribute("aria-live", "polite");
    document.body.append(region);
  }
  return region;
}

function element(name, className, text) {
  return Object.assign(document.createElement(name), { className, textContent: text });
}

/** Return a path of this site, nothing for any other address. */
function safeUrl(url) {
  return /^\/(?![/\\])/.test(url ?? "") ? url : null;
}

function showToast(item) {
  const box = element("div", "notification-toast", "");
  const url = safeUrl(item.url);
  const title = element(url ? "a" : "strong", "toast-title", item.title);
  if (url) {
    title.href = url;
    title.addEventListener("click", () => markRead(item.id));
  }
  const close = element("button", "icon-btn", "×");
  close.type = "button";
  close.setAttribute("aria-label", gettext("Dispensar"));
  close.addEventListener("click", () => box.remove());
  box.append(title, close);
  if (item.body) box.append(element("p", "toast-words", item.body));
  const region = toasts();
  region.append(box);
  while (region.children.length > MAX_TOASTS) region.firstElementChild.remove();
  fade(box);
}

/** Take a toast away after a while, but not from under a pointer or the keyboard's focus. */
function fade(box) {
  setTimeout(() => {
    if (box.matches(":hover, :focus-within")) fade(box);
    else box.remove();
  }, TOAST_MS);
}

// Sound --------------------------------------------------------------------------------------------

function hasSound() {
  return remembered("localStorage", "notification-sound") === "on";
}

function ring() {
  if (!hasSound() || !navigator.userActivation?.hasBeenActive) return;
  const context = new AudioContext();
  const gain = context.createGain();
  gain.gain.setValueAtTime(0.08, context.currentTime);
  gain.gain.exponentialRampToValueAtTime(0.001, context.currentTime + 0.5);
  gain.connect(context.destination);
  const tone = context.createOscillator();
  tone.frequency.value = 880;
  tone.connect(gain);
  tone.onended = () => context.close();
  tone.start();
  tone.stop(context.currentTime + 0.5);
}

function attachSoundSwitch(label) {
  const box = label.querySelector("input");
  label.hidden = false;
  box.checked = hasSound();
  box.addEventListener("change", () => {
    remember("localStorage", "notification-sound", box.checked ? "on" : "off");
    ring();
  });
}

// The list -----------------------------------------------------------------------------------------

let refreshing = null;

/** Read the list again, unless somebody is at work in it with the keyboard. */
function refreshList() {
  if (!list || list.contains(document.activeElement)) return;
  clearTimeout(refreshing);
  refreshing = setTimeout(async () => {
    try {
      const answer = await fetch(window.location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("[data-inbox]");
      if (fresh) list.replaceChildren(...fresh.children);
    } catch {
      // the next frame tries again
    }
  }, REFRESH_MS);
}

// Wiring -------------------------------------------------------------------------------------------

function markRead(id) {
  socket.send({ type: "mark_read", ids: [id] });
}

function announce(item) {
  if (item.id <= lastId) return;
  lastId = item.id;
  showToast(item);
  ring();
}

const FRAMES = {
  snapshot(frame) {
    showUnread(frame.unread);
    const missed = lastId === null ? [] : frame.items.filter((item) => !item.is_read && item.id > lastId);
    missed.reverse().forEach(announce);
    lastId = Math.max(lastId ?? 0, frame.last_id);
    if (missed.length) refreshList();
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
};

const socket = new InboxSocket((frame) => FRAMES[frame.type]?.(frame));

if (bell) {
  showUnread(Number(remembered("sessionStorage", "unread")) || 0);
  document.querySelectorAll("[data-sound-switch]").forEach(attachSoundSwitch);
  list?.addEventListener("click", (event) => {
    const link = event.target.closest("[data-open]");
    if (link) markRead(Number(link.dataset.open));
  });
  socket.start();
}
