// Writing: a message is shown at once with its state, and moves to its place when it has a number.
import { buildButton, isTouch, part } from "../core/dom.js";
import { gettext } from "../core/i18n.js";
import { Answering } from "./answering.js";
import { Attachments, messagesOf } from "./attachments.js";
import { attachCompletion } from "./completion.js";
import { Draft } from "./draft.js";

const TYPING_MS = 2500; // less than the time for which other pages show "typing" (typing.js)
const MAX_HEIGHT_PX = 200;

/** Make the page's form send by the socket; show it only to those who may write. */
export function attachComposer(root, options) {
  new Composer(root, options).attach();
}

class Composer {
  constructor(root, { composer, log, socket, outbox, paging, draftKey, announce }) {
    this._form = composer;
    this._box = composer.querySelector("textarea");
    this._blocked = part(root, "blocked");
    this._hasBlocked = part(root, "own-block") !== null; // the reader, the other person of a direct room
    this._log = log;
    this._socket = socket;
    this._outbox = outbox;
    this._paging = paging;
    this._announce = announce;
    this._user = {
      id: Number(root.dataset.user),
      name: root.dataset.name,
      avatar: root.dataset.avatar || null,
    };
    this._draft = new Draft(draftKey);
    this._box.value ||= this._draft.get("text");
    const form = composer;
    this._answering = new Answering({ form, log, draft: this._draft, may: () => this._may.includes("send") });
    const showProblem = (text) => this._showProblem(text);
    this._attachments = new Attachments({ form, drop: root.querySelector(".talk"), draft: this._draft, showProblem });
    this._typedAt = -Infinity;
    this._may = root.dataset.may.split(" ");
    this._isClosed = "closed" in root.dataset;
  }

  attach() {
    this._form.addEventListener("submit", (event) => {
      event.preventDefault();
      this._send();
    });
    attachCompletion(this._box, { $: this._form.dataset.stocks, "@": this._form.dataset.people });
    this._box.addEventListener("keydown", (event) => this._onKey(event));
    this._box.addEventListener("input", () => this._onInput());
    this._socket.addEventListener("room", ({ detail }) => {
      this._may = detail.may;
      this._isClosed = detail.closed;
      this._showPermission();
    });
    this._socket.addEventListener("state", () => this._onState());
    this._socket.addEventListener("acked", ({ detail }) => this._onAcked(detail));
    this._socket.addEventListener("refused", ({ detail }) => this._onRefused(detail));
    this._answering.attach(this._socket);
    this._attachments.attach();
    this._log.addEventListener("newest", () => this._showWaiting());
    this._showWaiting();
    if (this._box.value) this._grow();
  }

  _showWaiting() {
    for (const entry of this._outbox.entries) {
      this._log.appendPending(entry, this._user);
      this._showState(entry);
    }
  }

  async _send() {
    const text = this._box.value.trim();
    if ((!text && this._attachments.isEmpty) || !this._may.includes("send")) return;
    if (this._attachments.isUploading) {
      this._showProblem(gettext("Espere o envio do arquivo terminar."));
      return;
    }
    const messages = messagesOf(text, this._attachments.take(), this._answering.reply);
    this._showProblem("");
    this._answering.end();
    this._setText("");
    this._box.focus();
    const entries = messages.map((fields) => this._outbox.add(fields));
    if (this._log.isDetached) await this._paging.toNewest(); // shows them
    for (const entry of entries) {
      this._log.appendPending(entry, this._user);
      this._showState(entry);
      this._socket.post(entry);
    }
  }

  _setText(text) {
    this._box.value = text;
    this._draft.set("text", text);
    this._grow();
  }

  _showProblem(text) {
    const line = part(this._form, "problem");
    line.textContent = text;
    line.hidden = text === "";
  }

  _retry(entry) {
    this._outbox.fail(entry.client_id, false);
    this._showState(entry);
    this._socket.post(entry);
  }

  _discard(entry) {
    this._outbox.remove(entry.client_id);
    this._log.dropPending(entry.client_id);
    this._setText(this._box.value || (entry.body ?? entry.content.caption ?? ""));
    this._box.focus();
  }

  _grow() {
    this._box.style.height = "auto";
    this._box.style.height = `${Math.min(this._box.scrollHeight + 2, MAX_HEIGHT_PX)}px`;
  }

  _showState(entry, detail = null) {
    const element = this._log.pending(entry.client_id);
    const line = element && part(element, "state");
    if (!line) return;
    line.hidden = false;
    element.classList.toggle("failed", entry.failed);
    const text = entry.failed ? gettext("falhou") : this._waitingText();
    line.replaceChildren(detail ? `${text}: ${detail}` : text);
    if (!entry.failed) return;
    const attributes = { className: "link-button" };
    line.append(
      " ",
      buildButton(gettext("tentar de novo"), () => this._retry(entry), attributes),
      " ",
      buildButton(gettext("descartar"), () => this._discard(entry), attributes),
    );
  }

  _waitingText() {
    return this._socket.isOpen ? gettext("enviando…") : gettext("espera a conexão…");
  }

  _showPermission() {
    if (this._hasBlocked) return;
    const isAllowed = this._may.includes("send");
    this._form.hidden = !isAllowed;
    this._blocked.hidden = isAllowed;
    if (!isAllowed) this._blocked.textContent = this._blockedText();
  }

  _blockedText() {
    if (this._socket.sessionEnded) return gettext("Sua sessão terminou: entre de novo para escrever.");
    if (this._blocked.dataset.suspended) return this._blocked.dataset.suspended;
    if (this._isClosed) return gettext("Esta sala está fechada: dá para ler, mas não para escrever.");
    return gettext("Você foi silenciado nesta sala: pode ler, mas não escrever.");
  }

  _onKey(event) {
    const isSending = event.key === "Enter" && !event.shiftKey && !event.isComposing;
    if (!isSending || event.defaultPrevented || isTouch()) return;
    event.preventDefault();
    this._send();
  }

  _onInput() {
    this._grow();
    this._draft.set("text", this._box.value);
    const now = performance.now();
    if (now - this._typedAt < TYPING_MS || !this._box.value.trim()) return;
    if (this._socket.send({ type: "typing", id: "typing" })) this._typedAt = now;
  }

  _onState() {
    for (const entry of this._outbox.waiting()) this._showState(entry);
    if (!this._socket.sessionEnded) return;
    this._may = [];
    this._showPermission();
  }

  _onAcked({ client_id: clientId, seq }) {
    const element = this._log.pending(clientId);
    if (!element) return;
    if (seq <= this._socket.seq) this._log.dropPending(clientId); // the message itself is shown already
    else part(element, "state").textContent = gettext("enviada");
  }

  _onRefused({ client_id: clientId, detail, retry_after_s: retryAfterS }) {
    const entry = this._outbox.find(clientId);
    if (!entry) return;
    const seconds = Math.ceil(retryAfterS ?? 0);
    const wait = seconds ? gettext("tenta de novo em %(seconds)s s", { seconds }) : "";
    this._showState(entry, [detail, wait].filter(Boolean).join(" "));
    this._announce(detail);
  }
}
