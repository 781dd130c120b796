/* A room's page: what is said comes live. Without this it is read and written by plain pages. */
import { attachChips } from "../market/chips.js";
import { attachActions } from "./actions.js";
import { attachComposer } from "./composer.js";
import { part, RoomLog } from "./log.js";
import { Outbox } from "./outbox.js";
import { attachPresence } from "./presence.js";
import { RoomSocket } from "./socket.js";
import { gettext } from "../market/quotes.js";

const root = document.querySelector("[data-room]");
const { room: pk, user: userId, socket: path } = root.dataset;
const me = userId ? Number(userId) : null;
const key = `${pk}.${userId || 0}`;

const log = new RoomLog({
  scroll: part(root, "scroll"),
  list: part(root, "log"),
  template: part(root, "message"),
  userId: me,
  hostId: Number(root.dataset.host) || null,
  profileUrl: root.dataset.profileUrl,
});
const watchChips = attachChips(root, {
  room: `room_${pk}`,
  quotes: JSON.parse(document.getElementById("quotes").textContent),
  bar: root.querySelector("[data-market-status]"),
  limit: me ? 200 : 30,
});
const outbox = new Outbox(key);
const socket = new RoomSocket({
  path,
  seq: log.lastSeq,
  revision: Number(root.dataset.revision),
  outbox,
});

// What comes --------------------------------------------------------------------------------------

socket.addEventListener("said", ({ detail }) => log.append(detail.items));
socket.addEventListener("edited", ({ detail }) => log.edit(detail));
socket.addEventListener("deleted", ({ detail }) => log.delete(detail));
socket.addEventListener("far", readAnew);
log.addEventListener("shown", ({ detail }) => {
  watchChips(detail.elements);
  actions.limit(detail.elements);
});

/** Take the page's last messages instead of thousands that were missed. */
async function readAnew() {
  const html = await fragment(window.location.pathname);
  if (html === null) return;
  log.replace(html);
  socket.restartFrom(log.lastSeq, Number(root.dataset.revision));
}

/** Return the server's list of messages; null when it does not answer. */
async function fragment(address) {
  try {
    const answer = await fetch(address, { headers: { "HX-Request": "true" } });
    return answer.ok ? await answer.text() : null;
  } catch {
    return null;
  }
}

function announce(text) {
  part(root, "announce").textContent = text;
}

// Earlier messages --------------------------------------------------------------------------------

let isLoading = false;

async function loadEarlier(link) {
  if (isLoading) return;
  isLoading = true;
  link.textContent = gettext("Carregando…");
  const html = await fragment(link.href);
  isLoading = false;
  if (html === null) link.textContent = gettext("Mensagens anteriores");
  else log.prepend(html);
  lookForEarlier();
}

const nearTop = new IntersectionObserver(
  (entries) => {
    const link = entries.find((one) => one.isIntersecting)?.target.querySelector("a");
    if (link) loadEarlier(link);
  },
  { root: part(root, "scroll"), rootMargin: "200px 0px 0px" },
);

function lookForEarlier() {
  nearTop.disconnect();
  const line = root.querySelector(".talk-earlier");
  if (line) nearTop.observe(line);
}

log.list.addEventListener("click", (event) => {
  const link = event.target.closest(".talk-earlier a");
  if (!link) return;
  event.preventDefault();
  loadEarlier(link);
});

// The state of the connection, and what is yet to be seen ---------------------------------------------

const pill = part(root, "pill");
log.addEventListener("unseen", ({ detail }) => {
  pill.hidden = detail.count === 0;
  const one = gettext("1 mensagem nova");
  const many = gettext("%(count)s mensagens novas", { count: detail.count });
  pill.querySelector("span").textContent = detail.count === 1 ? one : many;
});
pill.addEventListener("click", () => log.toEnd());

const PATIENCE_MS = 2500;
const NARROW = window.matchMedia("(max-width: 59.99rem)"); // there the head would hide the talk
let warning = null;

function showLink() {
  const badge = part(root, "link");
  clearTimeout(warning);
  part(root, "enter").hidden = !socket.sessionEnded;
  if (socket.state === "open") {
    badge.hidden = true;
    return;
  }
  badge.dataset.feed = socket.state === "stopped" ? "down" : "late";
  badge.textContent = linkText();
  warning = setTimeout(() => (badge.hidden = false), socket.state === "stopped" ? 0 : PATIENCE_MS);
}

function linkText() {
  if (socket.isGone) return gettext("Esta sala não existe mais");
  if (socket.state === "stopped") return gettext("O servidor encerrou a conexão; recarregue a página");
  if (navigator.onLine === false) return gettext("Você está sem internet");
  return gettext("Reconectando…");
}

socket.addEventListener("state", showLink);

// Wiring -------------------------------------------------------------------------------------------

const actions = attachActions(root, { log, socket, userId: me, announce });
attachPresence(root, socket, me);
const composer = part(root, "composer");
if (composer) attachComposer(root, { composer, log, socket, outbox, draftKey: key, announce });
root.dataset.ready = "";
if ("newest" in root.dataset) {
  if (window.location.hash === "#end" || !window.location.hash) {
    log.toEnd();
    if (NARROW.matches) root.querySelector(".talk").scrollIntoView({ block: "end" });
  }
  socket.start();
}
lookForEarlier();
