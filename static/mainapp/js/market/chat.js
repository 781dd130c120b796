// The conversation beside the tracker: what people who watch now say, not stored.
import { clock } from "../core/number.js";
import { gettext } from "./quotes.js";

const KEPT = 100;

/** Attach `_chat.html`'s drawer to a socket; `counter` counts what came while it was shut. */
export function attachChat(drawer, socket, counter) {
  const [list, problem, form] = ["messages", "problem", "form"].map((name) =>
    drawer.querySelector(`[data-part="${name}"]`),
  );
  const input = form?.querySelector("input");
  let unread = 0;
  let said = "";

  function showUnread() {
    counter.hidden = unread === 0;
    counter.textContent = unread > 99 ? "99+" : String(unread);
  }

  function tell(text) {
    problem.hidden = !text;
    problem.textContent = text;
  }

  socket.addEventListener("message", ({ detail }) => {
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    list.append(item(detail, detail.user === drawer.dataset.user));
    while (list.children.length > KEPT) list.firstElementChild.remove();
    if (atEnd) list.scrollTop = list.scrollHeight;
    if (drawer.classList.contains("show")) return;
    unread += 1;
    showUnread();
  });
  socket.addEventListener("problem", ({ detail }) => {
    if (detail.id !== "say") return;
    tell(detail.detail);
    input.value ||= said;
  });
  drawer.addEventListener("shown.bs.offcanvas", () => {
    unread = 0;
    showUnread();
    input?.focus();
  });
  const page = drawer.parentElement; // makes room where there is some
  drawer.addEventListener("show.bs.offcanvas", () => (page.dataset.chat = "open"));
  drawer.addEventListener("hide.bs.offcanvas", () => delete page.dataset.chat);
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    const sent = socket.say(text);
    tell(sent ? "" : gettext("Sem conexão: a mensagem não foi enviada."));
    if (!sent) return;
    said = text;
    input.value = "";
  });
}

function item(message, isOwn) {
  const row = document.createElement("li");
  row.className = isOwn ? "chat-message own" : "chat-message";
  const [who, when, what] = ["strong", "time", "p"].map((tag) => document.createElement(tag));
  who.textContent = message.user;
  when.textContent = clock(message.sent_at).slice(0, 5);
  when.dateTime = message.sent_at;
  what.textContent = message.message;
  row.append(who, when, what);
  return row;
}
