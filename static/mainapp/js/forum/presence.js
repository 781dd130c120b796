// The people in the room, and those who are typing.
import { build, part } from "../core/dom.js";
import { gettext, isolated } from "../core/i18n.js";
import { buildAvatar } from "./avatar.js";

const TYPING_MS = 4000;
const MAX_NAMES = 2;
const CONNECTION = {
  reconnecting: () => gettext("reconectando…"),
  offline: () => gettext("sem internet"),
  stopped: () => gettext("sem conexão"),
};

/** Update the list of people and the line of those who are typing. */
export function attachPresence(root, socket, userId) {
  const present = new Map();
  const typing = new Map();
  const line = part(root, "typing");
  let isGreeted = false; // the first list of people came

  function show() {
    const people = [...present.values()].sort((a, b) => a.name.localeCompare(b.name));
    part(root, "present").replaceChildren(...people.map((person) => buildItem(person, root.dataset.profileUrl)));
    part(root, "present-count").textContent = String(people.length);
    part(root, "present-box").hidden = people.every(({ id }) => id === userId);
    showConnection();
  }

  function showConnection() {
    const text = CONNECTION[socket.connection.state]?.() ?? "";
    part(root, "here").hidden = text !== "" || !isGreeted;
    part(root, "connection").hidden = text === "";
    part(root, "connection").textContent = text;
  }

  function showTyping() {
    const names = [...typing.values()].map(({ name }) => name);
    line.textContent = names.length ? typingText(names) : "";
  }

  function stop(id) {
    clearTimeout(typing.get(id)?.timer);
    typing.delete(id);
    showTyping();
  }

  socket.addEventListener("room", ({ detail }) => {
    present.clear();
    for (const person of detail.present) present.set(person.id, person);
    isGreeted = true;
    show();
  });
  socket.addEventListener("state", showConnection);
  socket.addEventListener("presence", ({ detail }) => {
    for (const person of detail.left) {
      present.delete(person.id);
      stop(person.id);
    }
    for (const person of detail.joined) present.set(person.id, person);
    show();
  });
  socket.addEventListener("typing", ({ detail }) => {
    const { id, name } = detail.user;
    if (id === userId) return;
    clearTimeout(typing.get(id)?.timer);
    typing.set(id, { name, timer: setTimeout(() => stop(id), TYPING_MS) });
    showTyping();
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

function buildItem(person, profileUrl) {
  const href = profileUrl.replace("/0/", `/${person.id}/`);
  return build("li", {}, build("a", { href, className: "is-small" }, buildAvatar(person), build("bdi", {}, person.name)));
}
