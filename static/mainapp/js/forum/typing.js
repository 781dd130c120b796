// The line of those who are typing.
import { part } from "../core/dom.js";
import { gettext, isolated } from "../core/i18n.js";

const TYPING_MS = 4000;
const MAX_NAMES = 2;

export function attachTyping(root, socket, userId) {
  const typing = new Map(); // user → {name, timer}
  const line = part(root, "typing");

  function show() {
    const names = [...typing.values()].map(({ name }) => name);
    line.textContent = names.length ? typingText(names) : "";
  }

  function stop(id) {
    clearTimeout(typing.get(id)?.timer);
    typing.delete(id);
    show();
  }

  socket.addEventListener("presence", ({ detail }) => {
    for (const { id } of detail.left) stop(id);
  });
  socket.addEventListener("typing", ({ detail }) => {
    const { id, name } = detail.user;
    if (id === userId) return;
    clearTimeout(typing.get(id)?.timer);
    typing.set(id, { name, timer: setTimeout(() => stop(id), TYPING_MS) });
    show();
  });
  socket.addEventListener("messages", ({ detail }) => {
    for (const { user } of detail.items) if (user) stop(user.id);
  });
}

function typingText(names) {
  if (names.length > MAX_NAMES) return gettext("várias pessoas estão escrevendo…");
  const [first, second] = names.map(isolated);
  if (names.length === 1) return gettext("%(name)s está escrevendo…", { name: first });
  return gettext("%(one)s e %(two)s estão escrevendo…", { one: first, two: second });
}
