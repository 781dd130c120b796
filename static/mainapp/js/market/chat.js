// The conversation next to the tracker: live messages that are not stored.
import { build, part } from "../core/dom.js";
import { gettext } from "../core/i18n.js";
import { clock } from "../core/time.js";

const MAX_MESSAGES = 100;
const NEAR_END_PX = 40;

/** Attach the drawer of `_chat.html` to a socket; `counter` shows the messages that came while it was closed. */
export function attachChat(drawer, socket, counter) {
  const [list, problem, form] = ["messages", "problem", "form"].map((name) => part(drawer, name));
  const input = form?.querySelector("input");
  let unread = 0;
  let lastSent = "";

  function showUnread() {
    counter.hidden = unread === 0;
    counter.textContent = unread > 99 ? "99+" : String(unread);
  }

  function showProblem(text) {
    problem.hidden = !text;
    problem.textContent = text;
  }

  socket.addEventListener("message", ({ detail }) => {
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END_PX;
    list.append(item(detail, detail.user === drawer.dataset.user));
    while (list.children.length > MAX_MESSAGES) list.firstElementChild.remove();
    if (atEnd) list.scrollTop = list.scrollHeight;
    if (drawer.matches(":popover-open")) return;
    unread += 1;
    showUnread();
  });
  socket.addEventListener("problem", ({ detail }) => {
    if (detail.id !== "message") return;
    showProblem(detail.detail);
    input.value ||= lastSent;
  });
  const page = drawer.parentElement; // on wide screens its content becomes narrower next to the open drawer
  drawer.addEventListener("toggle", ({ newState }) => {
    const isOpen = newState === "open";
    page.dataset.chat = isOpen ? "open" : "closed";
    if (!isOpen) return;
    unread = 0;
    showUnread();
    input?.focus();
  });
  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape" && drawer.matches(":popover-open:focus-within")) drawer.hidePopover();
  });
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    const isSent = socket.sendMessage(text);
    showProblem(isSent ? "" : gettext("Sem conexão: a mensagem não foi enviada."));
    if (!isSent) return;
    lastSent = text;
    input.value = "";
  });
}

function item(message, isOwn) {
  return build(
    "li",
    { className: isOwn ? "chat-message own" : "chat-message" },
    build("strong", { dir: "auto" }, message.user),
    build("time", { dateTime: message.sent_at }, clock(message.sent_at).slice(0, 5)),
    build("p", { dir: "auto" }, message.message),
  );
}
