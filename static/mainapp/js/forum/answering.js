// Replying: the message to which the next one replies is shown above the composer.
import { part } from "../core/dom.js";
import { excerptOf } from "./message.js";

export class Answering {
  constructor({ form, log, draft, may }) {
    this._form = form;
    this._field = form.querySelector('[name="reply_to"]');
    this._box = form.querySelector("textarea");
    this._log = log;
    this._draft = draft;
    this._may = may;
  }

  attach(socket) {
    this._log.list.addEventListener("click", (event) => {
      const link = event.target.closest("[data-action=reply]");
      if (!link || !this._may()) return;
      event.preventDefault();
      link.closest("[popover]")?.hidePopover();
      this.begin(link.closest(".msg"));
      this._box.focus();
    });
    part(this._form, "answered-end").addEventListener("click", (event) => {
      event.preventDefault();
      this.end();
      this._box.focus();
    });
    this._box.addEventListener("keydown", ({ key, defaultPrevented }) => {
      if (key === "Escape" && !defaultPrevented) this.end();
    });
    socket.addEventListener("deleted", ({ detail }) => {
      if (detail.seq === this.reply?.seq) this.end();
    });
    const seq = this._field.value || this._draft.get("reply");
    const element = seq && this._log.find(seq);
    if (element) this.begin(element);
    else if (!this._field.value) this.end();
    return this;
  }

  /** The message replied to as {seq, user, excerpt}; null without one. */
  get reply() {
    if (!this._field.value) return null;
    const name = part(this._form, "answered-author").textContent;
    const excerpt = part(this._form, "answered-text").textContent;
    return { seq: Number(this._field.value), user: { name }, excerpt };
  }

  begin(element) {
    if (element.matches(".deleted, .pending, .is-note")) return;
    this._field.value = element.dataset.seq;
    part(this._form, "answered-author").textContent = element.querySelector(".msg-author").textContent;
    part(this._form, "answered-text").textContent = excerptOf(element);
    part(this._form, "answered").hidden = false;
    this._draft.set("reply", element.dataset.seq);
  }

  end() {
    this._field.value = "";
    part(this._form, "answered").hidden = true;
    this._draft.set("reply", null);
  }
}
