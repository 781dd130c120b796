// The people in the room.
import { build, part } from "../core/dom.js";
import { gettext } from "../core/i18n.js";
import { buildAvatar } from "./avatar.js";

const CONNECTION = {
  reconnecting: () => gettext("reconectando…"),
  offline: () => gettext("sem internet"),
  stopped: () => gettext("sem conexão"),
};

/** Update the list of people, and the line in the head. */
export function attachPresence(root, socket, userId) {
  const present = new Map();
  const isPrivate = root.dataset.kind !== "forum";
  const isDirect = root.dataset.kind === "direct";
  let isGreeted = false; // the first list of people came

  function show() {
    const people = [...present.values()].sort((a, b) => a.name.localeCompare(b.name));
    if (!isPrivate) {
      part(root, "present").replaceChildren(...people.map((person) => buildItem(person, root.dataset.profileUrl)));
      part(root, "present-box").hidden = people.every(({ id }) => id === userId);
    }
    part(root, "present-count").textContent = String(people.length);
    showConnection();
  }

  function showConnection() {
    const text = CONNECTION[socket.connection.state]?.() ?? "";
    // In a direct room, the other person's presence is shown beside their name instead.
    part(root, "here").hidden = text !== "" || !isGreeted || isDirect;
    part(root, "connection").hidden = text === "";
    part(root, "connection").textContent = text;
  }

  socket.addEventListener("room", ({ detail }) => {
    present.clear();
    for (const person of detail.present) present.set(person.id, person);
    isGreeted = true;
    show();
  });
  socket.addEventListener("state", showConnection);
  socket.addEventListener("presence", ({ detail }) => {
    for (const person of detail.left) present.delete(person.id);
    for (const person of detail.joined) present.set(person.id, person);
    show();
  });
}

function buildItem(person, profileUrl) {
  const href = profileUrl.replace("/0/", `/${person.id}/`);
  return build("li", {}, build("a", { href, className: "is-small" }, buildAvatar(person), build("bdi", {}, person.name)));
}
