// The page of a room, live; without scripts it is read and written by plain pages.
import { watchConnection } from "../core/connection-status.js";
import * as dom from "../core/dom.js";
import { fetchFragment } from "../core/http.js";
import { gettext, ngettext } from "../core/i18n.js";
import { attachChips } from "../market/chips.js";
import { attachActions } from "./actions.js";
import { attachCited } from "./cited.js";
import { attachComposer } from "./composer.js";
import { RoomLog } from "./log.js";
import { Outbox } from "./outbox.js";
import { attachPresence } from "./presence.js";
import { SeenMessages, showUnseen } from "./seen.js";
import { RoomSocket } from "./socket.js";
import { followKeyboard } from "./viewport.js";

// Symbols that a reader may follow: SYMBOL_LIMIT_USER and SYMBOL_LIMIT_ANONYMOUS of market/policies.py.
const MEMBER_LIMIT = 200;
const VISITOR_LIMIT = 30;

const root = document.querySelector("[data-room]");
const part = (name) => dom.part(root, name);
const { room: pk, user, socket: path } = root.dataset;
const userId = user ? Number(user) : null;
const storageKey = `${pk}.${user || 0}`;

const log = new RoomLog({
  scroll: part("scroll"),
  list: part("log"),
  template: part("message"),
  userId,
  hostId: Number(root.dataset.host) || null,
  profileUrl: root.dataset.profileUrl,
});
const showCited = attachCited(part("cited-box"), log.list);
const watchChips = attachChips(root, {
  room: `room_${pk}`,
  quotes: dom.readJson("quotes"),
  bar: document.querySelector("[data-market-status]"),
  limit: userId ? MEMBER_LIMIT : VISITOR_LIMIT,
});
const outbox = new Outbox(storageKey);
const socket = new RoomSocket({ path, seq: log.lastSeq, revision: Number(root.dataset.revision), outbox });

// Messages ----------------------------------------------------------------------------------------

socket.addEventListener("messages", ({ detail }) => log.append(detail.items));
socket.addEventListener("edited", ({ detail }) => log.edit(detail));
socket.addEventListener("deleted", ({ detail }) => log.delete(detail));
socket.addEventListener("missed", reload);
log.addEventListener("shown", ({ detail }) => {
  watchChips([...detail.elements, ...showCited(detail.elements, { isNewest: !detail.isEarlier })]);
  actions.update(detail.elements);
});

/** Load the page's newest messages instead of thousands that were missed. */
async function reload() {
  const { html } = await fetchFragment(window.location.pathname);
  if (html === null) return;
  log.replace(html);
  socket.restartFrom(log.lastSeq, Number(root.dataset.revision));
}

function announce(text) {
  part("announce").textContent = text;
}

// Earlier messages --------------------------------------------------------------------------------

let isLoading = false;

async function loadEarlier(link) {
  if (isLoading) return;
  isLoading = true;
  link.textContent = gettext("Carregando…");
  const { html } = await fetchFragment(link.href);
  isLoading = false;
  if (html === null) link.textContent = gettext("Mensagens anteriores");
  else log.prepend(html);
  observeTop();
}

const topObserver = new IntersectionObserver(
  (entries) => {
    const link = entries.find((entry) => entry.isIntersecting)?.target.querySelector("a");
    if (link) loadEarlier(link);
  },
  { root: part("scroll"), rootMargin: "200px 0px 0px" },
);

function observeTop() {
  topObserver.disconnect();
  const line = root.querySelector(".talk-earlier");
  if (line) topObserver.observe(line);
}

log.list.addEventListener("click", (event) => {
  const link = event.target.closest(".talk-earlier a");
  if (!link) return;
  event.preventDefault();
  loadEarlier(link);
});

// Unread messages ---------------------------------------------------------------------------------

const pill = part("pill");
const seen = new SeenMessages(userId);

log.addEventListener("position", ({ detail: { isAtEnd, unseen } }) => {
  pill.hidden = isAtEnd;
  const text = unseen ? ngettext("%s mensagem nova", "%s mensagens novas", unseen) : gettext("Ir para o fim");
  pill.querySelector("span").textContent = text;
  pill.classList.toggle("button-primary", unseen > 0);
  markSeen();
});
pill.addEventListener("click", () => log.toEnd());
socket.addEventListener("messages", markSeen);
document.addEventListener("visibilitychange", markSeen);

/** Remember the newest message while the reader looks at the end of the list. */
function markSeen() {
  if (log.isAtEnd && document.visibilityState === "visible") seen.mark(pk, log.lastSeq);
}

// Wiring ------------------------------------------------------------------------------------------

const actions = attachActions(root, { log, socket, userId, announce });
attachPresence(root, socket, userId);
const composer = part("composer");
if (composer) attachComposer(root, { composer, log, socket, outbox, draftKey: storageKey, announce });
followKeyboard(root.querySelector(".talk"));
showUnseen(part("rooms"), seen);
root.dataset.ready = "";
if ("newest" in root.dataset) {
  if (window.location.hash === "#end" || !window.location.hash) {
    log.toEnd();
    if (seen.of(pk)) log.markUnread(seen.of(pk));
    markSeen();
  }
  watchConnection(socket.connection);
  socket.start();
}
observeTop();
