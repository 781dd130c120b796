// The page of a room, live; without scripts it is read and written by plain pages.
import { watchPresence } from "../accounts/presence.js";
import { watchConnection } from "../core/connection-status.js";
import * as dom from "../core/dom.js";
import { gettext, ngettext } from "../core/i18n.js";
import { attachChips } from "../market/chips.js";
import { attachActions } from "./actions.js";
import { attachCited } from "./cited.js";
import { attachComposer } from "./composer.js";
import { RoomLog } from "./log.js";
import { attachViewer } from "./media.js";
import { MessageBuilder } from "./message.js";
import { Outbox } from "./outbox.js";
import { Paging } from "./paging.js";
import { attachPapers } from "./papers.js";
import { attachPresence } from "./presence.js";
import { attachReactions } from "./reactions.js";
import { ReadMarks } from "./reads.js";
import { attachSearch } from "./searching.js";
import { SeenMessages, showUnseen } from "./seen.js";
import { RoomSocket } from "./socket.js";
import { attachTyping } from "./typing.js";
import { followKeyboard } from "./viewport.js";

// Symbols that a reader may follow: SYMBOL_LIMIT_USER and SYMBOL_LIMIT_ANONYMOUS of market/policies.py.
const MEMBER_LIMIT = 200;
const VISITOR_LIMIT = 30;

const root = document.querySelector("[data-room]");
const part = (name) => dom.part(root, name);
const { room: pk, user, socket: path } = root.dataset;
const userId = user ? Number(user) : null;
const storageKey = `${pk}.${user || 0}`;

const isPrivate = root.dataset.kind !== "forum";
const address = window.location.pathname;

const log = new RoomLog({
  scroll: part("scroll"),
  list: part("log"),
  path: address,
  builder: new MessageBuilder({
    template: part("message"),
    userId,
    hostId: Number(root.dataset.host) || null,
    profileUrl: root.dataset.profileUrl,
  }),
});
const showCited = attachCited(part("cited-box"), log.list);
const chips = attachChips(root, {
  room: `room_${pk}`,
  quotes: dom.readJson("quotes"),
  bar: document.querySelector("[data-market-status]"),
  limit: userId ? MEMBER_LIMIT : VISITOR_LIMIT,
});
const unfoldPapers = attachPapers(root, { list: log.list, socket: chips.socket });
const outbox = new Outbox(storageKey);
const seq = log.isDetached ? Number(root.dataset.seq) : log.lastSeq;
const socket = new RoomSocket({ path, seq, revision: Number(root.dataset.revision), outbox });
const paging = new Paging(root, { log, socket, path: address });
let may = root.dataset.may.split(" ");

// Messages ----------------------------------------------------------------------------------------

socket.addEventListener("messages", ({ detail }) => log.append(detail.items));
socket.addEventListener("edited", ({ detail }) => log.edit(detail));
socket.addEventListener("deleted", ({ detail }) => log.delete(detail));
socket.addEventListener("missed", () => paging.reload());
socket.addEventListener("room", ({ detail }) => {
  may = detail.may;
  log.fold(detail.blocked ?? []);
});
log.addEventListener("shown", ({ detail: { elements, isEarlier, isRendered } }) => {
  if (isRendered) elements.forEach(watchPresence);
  unfoldPapers(elements, { isRendered });
  chips.watch([...elements, ...showCited(elements, { isNewest: !isEarlier })]);
  actions.update(elements);
});

function announce(text) {
  part("announce").textContent = text;
}

// Unread messages ---------------------------------------------------------------------------------

const pill = part("pill");
const seen = new SeenMessages(userId); // of the forum; those of private rooms are on the server
const marks = isPrivate ? new ReadMarks(root, { log, socket }).attach() : null;

log.addEventListener("position", ({ detail: { isAtEnd, unseen } }) => {
  pill.hidden = isAtEnd;
  const text = unseen ? ngettext("%s mensagem nova", "%s mensagens novas", unseen) : gettext("Ir para o fim");
  pill.querySelector("span").textContent = text;
  pill.classList.toggle("button-primary", unseen > 0);
  markSeen();
});
pill.addEventListener("click", () => paging.toNewest());
log.addEventListener("shown", markSeen);
document.addEventListener("visibilitychange", markSeen);

/** Remember the newest message while the reader looks at the end of the list. */
function markSeen() {
  if (!log.isAtEnd || document.visibilityState !== "visible") return;
  if (marks) marks.mark(log.lastSeq);
  else seen.mark(pk, log.lastSeq);
}

// Wiring ------------------------------------------------------------------------------------------

const actions = attachActions(root, { log, socket, userId, announce });
attachPresence(root, socket, userId);
attachTyping(root, socket, userId);
attachReactions({ log, socket, may: () => may.includes("send") });
attachViewer(log.list);
attachSearch(part("search"), (seq) => paging.goTo(seq));
const composer = part("composer");
if (composer) attachComposer(root, { composer, log, socket, outbox, paging, draftKey: storageKey, announce });
followKeyboard(root.querySelector(".talk"));
if (part("rooms")) showUnseen(part("rooms"), seen);
root.dataset.ready = "";
if (!log.isDetached && (window.location.hash === "#end" || !window.location.hash)) {
  log.toEnd();
  if (!marks && seen.of(pk)) log.markUnread(seen.of(pk));
  log.showUnread();
  markSeen();
}
watchConnection(socket.connection);
socket.start();
paging.attach();
