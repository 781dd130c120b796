// Who is online: dots on faces, `{% avatar user 48 presence=True %}`, and words, `{% presence user %}`.
//
// Loading this module is enough for elements that the server rendered or htmx inserts. For others call
// `watchPresence` after they are inserted; `withPresence` adds the dot to a face that a script builds.
import { Connection, socketUrl } from "../core/connection.js";
import { build } from "../core/dom.js";
import { gettext } from "../core/i18n.js";
import { age } from "../core/time.js";

const MARKS = "[data-presence], [data-presence-text]";
const SILENCE_MS = 20_000;
const PROBE_MS = 5_000;
const FORGET_MS = 15_000; // without a connection for longer, nobody is shown online
const AGE_MS = 30_000;

const online = new Set();
const seen = new Map(); // user → time, of those who left while the page was open
let connection = null;
let forgetTimer = null;

export function isOnline(id) {
  return online.has(id);
}

/** Show who is online on the marks below `root`, and keep them up to date. */
export function watchPresence(root = document) {
  const marks = [...root.querySelectorAll(MARKS)];
  if (root.matches?.(MARKS)) marks.push(root);
  if (!marks.length) return;
  connection ??= connect();
  marks.forEach(show);
}

/** Return a face, as `buildAvatar` builds it, with the dot of its person. */
export function withPresence(face, id) {
  const label = gettext("online");
  const dot = build("span", { className: "presence-dot", role: "img", "aria-label": label, hidden: !isOnline(id) });
  dot.dataset.presence = String(id);
  return build("span", { className: "face-box" }, face, dot);
}

function connect() {
  const opened = new Connection({
    url: () => socketUrl("/ws/presence/"),
    silenceMs: SILENCE_MS,
    probeMs: PROBE_MS,
    needsLogin: true,
  });
  opened.addEventListener("frame", ({ detail }) => detail.frame?.type === "presence" && apply(detail.frame));
  opened.addEventListener("lost", () => (forgetTimer ??= setTimeout(forget, FORGET_MS)));
  setInterval(() => document.querySelectorAll("[data-presence-text]").forEach(show), AGE_MS);
  return opened.start();
}

function apply({ online: everyone, joined = [], left = [] }) {
  clearTimeout(forgetTimer);
  forgetTimer = null;
  if (everyone) online.clear();
  for (const { id } of everyone ?? joined) online.add(id);
  for (const { id, last_seen: time } of left) {
    online.delete(id);
    seen.set(id, time);
  }
  document.querySelectorAll(MARKS).forEach(show);
}

function forget() {
  forgetTimer = null;
  online.clear();
  document.querySelectorAll(MARKS).forEach(show);
}

function show(mark) {
  const { presence, presenceText } = mark.dataset;
  if (presence) mark.hidden = !isOnline(Number(presence));
  else showText(mark, Number(presenceText));
}

function showText(mark, id) {
  const time = seen.get(id) ?? mark.dataset.seen;
  if (isOnline(id)) mark.textContent = gettext("online");
  else mark.textContent = time ? seenText(time) : "";
  mark.toggleAttribute("data-online", isOnline(id));
}

function seenText(time) {
  return gettext("visto %(age)s", { age: age((Date.now() - Date.parse(time)) / 1000) });
}

document.addEventListener("htmx:load", ({ target }) => watchPresence(target));
watchPresence();
