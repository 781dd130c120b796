// One message: building it from a frame and changing it; the counterpart of `_message.html`.
import { withPresence } from "../accounts/presence.js";
import { build, part } from "../core/dom.js";
import { gettext, isolated } from "../core/i18n.js";
import { clock, day } from "../core/time.js";
import { buildAvatar } from "./avatar.js";
import { fillMedia } from "./media.js";
import { showReactions } from "./reactions.js";

/**
 * Builds messages of the page's template. `hostId` and `userId` may be null.
 *
 * An item is that of CONTRACTS' `message`; one that waits to be sent has neither `id` nor `seq`.
 */
export class MessageBuilder {
  constructor({ template, userId, hostId, profileUrl }) {
    this._template = template;
    this._userId = userId;
    this._hostId = hostId;
    this._profileUrl = profileUrl;
  }

  build(item) {
    if (item.kind === "system") return buildNote(item);
    const element = this._template.content.firstElementChild.cloneNode(true);
    const [id, seq] = [item.id ?? 0, item.seq ?? 0];
    element.id = `m${seq}`;
    const kind = item.kind ?? "text";
    Object.assign(element.dataset, { id, seq, kind, author: item.user?.id ?? "", at: item.sent_at });
    element.classList.toggle("own", item.user !== null && item.user?.id === this._userId);
    if (item.body !== undefined) element.dataset.body = item.body;
    this._fillAuthor(element, item.user);
    fillTime(part(element, "time"), item.sent_at);
    part(element, "edited").hidden = !item.edited_at;
    part(element, "body").innerHTML = item.body_html; // sanitized by the server
    fillQuoted(part(element, "quoted"), item.reply_to);
    fillMedia(element, kind, item.content ?? {});
    showReactions(element, item.reactions ?? []);
    fillMenu(element, item);
    if (item.deleted) showDeleted(element);
    return element;
  }

  _fillAuthor(element, user) {
    const face = buildAvatar(user);
    part(element, "avatar").replaceChildren(user && this._userId !== null ? withPresence(face, user.id) : face);
    const author = part(element, "author");
    author.textContent = user?.name ?? gettext("usuário removido");
    if (user) author.href = this._profileUrl.replace("/0/", `/${user.id}/`);
    else author.removeAttribute("href");
    part(element, "host").hidden = !user || user.id !== this._hostId;
  }
}

export function showDeleted(element) {
  element.classList.add("deleted");
  delete element.dataset.body;
  for (const name of ["body", "quoted", "picture", "file", "reactions", "papers", "menu"]) part(element, name)?.remove();
  element.querySelector(".msg-text").prepend(build("p", { className: "msg-body" }, gettext("mensagem apagada")));
  part(element, "edited").hidden = true;
}

/** Return the start of a message as one line of text. */
export function excerptOf(element, length = 140) {
  const body = part(element, "body")?.textContent.trim();
  const text = body || part(element, "file-name")?.textContent || gettext("Imagem");
  return text.replace(/\s+/g, " ").slice(0, length);
}

/** Show in the replies to a message that it was deleted, or its new text. */
export function updateQuotes(list, seq, text) {
  for (const quoted of list.querySelectorAll(`.msg-reply[data-seq="${Number(seq)}"]`)) {
    if (text === null) part(quoted, "quoted-author").textContent = "";
    part(quoted, "quoted-text").textContent = text ?? gettext("mensagem apagada");
  }
}

function fillQuoted(link, reply) {
  if (!reply) {
    link.remove();
    return;
  }
  link.dataset.seq = String(reply.seq);
  link.href = `?before=${reply.seq + 25}#m${reply.seq}`;
  const isReadable = reply.excerpt !== "";
  part(link, "quoted-author").textContent = isReadable ? (reply.user?.name ?? gettext("usuário removido")) : "";
  part(link, "quoted-text").textContent = isReadable ? reply.excerpt : gettext("mensagem apagada");
}

/** Connect the menu of a new message to its button, and its actions to the message. */
function fillMenu(element, { id = 0, seq = 0, kind, user }) {
  const panel = element.querySelector("[popover]");
  if (!panel) return;
  panel.id = `menu-${id}`;
  element.querySelector("[popovertarget]").setAttribute("popovertarget", panel.id);
  for (const link of panel.querySelectorAll("a[href]")) {
    link.href = link.getAttribute("href").replace("/0/", `/${id}/`).replace("?reply=0", `?reply=${seq}`);
  }
  if (kind && kind !== "text") panel.querySelector("[data-action=edit]")?.remove();
  const muted = panel.querySelector('[name="user"]');
  if (muted) muted.value = user?.id ?? 0;
}

function fillTime(time, sentAt) {
  time.dateTime = sentAt;
  time.textContent = clock(sentAt).slice(0, 5);
  time.title = `${day(sentAt, { withYear: true })}, ${clock(sentAt)} (São Paulo)`;
}

function buildNote(item) {
  const data = { "data-seq": item.seq, "data-kind": "system", "data-at": item.sent_at };
  return build("li", { className: "msg is-note", id: `m${item.seq}`, ...data }, build("p", {}, noteText(item)));
}

/** Return the sentence of a system message, like `system_sentence` of templatetags/forum.py. */
function noteText({ user, content }) {
  const name = isolated(user?.name ?? gettext("usuário removido"));
  if (content.code === "joined") return gettext("%(name)s entrou no grupo", { name });
  if (content.code === "renamed") {
    return gettext("%(name)s mudou o nome do grupo para %(group)s", { name, group: isolated(content.name ?? "") });
  }
  if (content.by) return gettext("%(name)s não faz mais parte do grupo", { name });
  return gettext("%(name)s saiu do grupo", { name });
}
