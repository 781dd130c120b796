// Who is in the room, and who is writing.
import { avatar, part } from "./log.js";
import { gettext } from "../market/quotes.js";

const TYPING_MS = 4000;
const NAMED = 2;

/** Keep the list of people and the line of those who write. */
export function attachPresence(root, socket, userId) {
  const present = new Map();
  const typing = new Map();
  const line = part(root, "typing");

  function show() {
    const people = [...present.values()].sort((a, b) => a.name.localeCompare(b.name));
    part(root, "present").replaceChildren(...people.map((person) => item(person, root.dataset.profileUrl)));
    part(root, "present-count").textContent = String(people.length);
    part(root, "present-none").hidden = people.length > 0;
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
    show();
  });
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
  socket.addEventListener("said", ({ detail }) => {
    for (const { user } of detail.items) if (user) stop(user.id);
  });
}

function typingText(names) {
  if (names.length > NAMED) return gettext("várias pessoas estão escrevendo…");
  const [one, two] = names;
  if (two === undefined) return gettext("%(name)s está escrevendo…", { name: one });
  return gettext("%(one)s e %(two)s estão escrevendo…", { one, two });
}

function item(person, profileUrl) {
  const row = document.createElement("li");
  const link = document.createElement("a");
  link.href = profileUrl.replace("/0/", `/${person.id}/`);
  link.append(avatar(person), person.name);
  row.append(link);
  return row;
}
