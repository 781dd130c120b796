// Read marks of a private room: the reader's own is sent, and those of others are shown below the last message they saw.
import { build, part } from "../core/dom.js";
import { gettext, isolated } from "../core/i18n.js";

const SEND_MS = 1000;
const MAX_NAMES = 3;

/** Shows how far the others have read; `mark(seq)` sends how far the reader has. */
export class ReadMarks {
  constructor(root, { log, socket }) {
    this._log = log;
    this._socket = socket;
    this._isDirect = root.dataset.kind === "direct";
    const people = [...part(root, "people").querySelectorAll("[data-person]")];
    this._names = new Map(people.map((item) => [Number(item.dataset.person), item.querySelector("bdi").textContent]));
    this._joined = new Map(people.map(({ dataset }) => [Number(dataset.person), Number(dataset.joined)]));
    this._reads = new Map(); // user → number of the newest message that was read
    this._sent = 0;
    this._wanted = 0;
    this._timer = null;
  }

  attach() {
    this._socket.addEventListener("room", ({ detail }) => {
      this._reads = new Map((detail.reads ?? []).map(({ user, seq }) => [user, seq]));
      this._sent = 0;
      this._send();
      this._show();
    });
    this._socket.addEventListener("read", ({ detail }) => {
      this._names.set(detail.user.id, detail.user.name);
      this._reads.set(detail.user.id, detail.seq);
      this._show();
    });
    this._log.addEventListener("shown", () => this._show());
    return this;
  }

  mark(seq) {
    this._wanted = Math.max(this._wanted, seq);
    this._timer ??= setTimeout(() => {
      this._timer = null;
      this._send();
    }, SEND_MS);
  }

  _send() {
    if (this._wanted <= this._sent) return;
    if (this._socket.send({ type: "read", seq: this._wanted, id: "read" })) this._sent = this._wanted;
  }

  /** Show below the last own message who has read it. */
  _show() {
    const last = [...this._log.list.querySelectorAll(".msg.own:not(.pending)")].at(-1);
    const readers = last ? this._readersOf(Number(last.dataset.seq)) : [];
    const shown = this._log.list.querySelector(".talk-seen");
    const text = readers.length ? this._text(readers) : "";
    if (shown && shown.previousElementSibling === last && shown.textContent === text) return;
    this._log.change(() => {
      shown?.remove();
      if (text) last.after(build("li", { className: "talk-seen" }, text));
    });
  }

  /** Return who has read a message. Who joined the group after it has not. */
  _readersOf(number) {
    const readers = [...this._reads].filter(([user, seq]) => seq >= number && this._joinedAt(user) < number);
    return readers.map(([user]) => user);
  }

  /** Return the newest message of when a person joined; of those who join now, the newest one of the list. */
  _joinedAt(user) {
    if (!this._joined.has(user)) this._joined.set(user, this._log.lastSeq);
    return this._joined.get(user);
  }

  _text(readers) {
    if (this._isDirect) return gettext("visto");
    const names = readers.map((user) => isolated(this._names.get(user) ?? "?"));
    if (names.length > MAX_NAMES) return gettext("visto por %s pessoas", [names.length]);
    return gettext("visto por %(names)s", { names: names.join(", ") });
  }
}
