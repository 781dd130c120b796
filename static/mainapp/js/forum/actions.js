// Editing a message in its place, and deleting it after a confirmation.
import { build, isTouch, part } from "../core/dom.js";
import { gettext } from "../core/i18n.js";
import { excerptOf } from "./message.js";

const MAX_LENGTH = 4000; // MAX_BODY of core/rendering.py
const SILENT = ["typing", "read"]; // ids of frames whose errors are not shown

/** Handle the menus of the messages; `update(elements)` hides the actions that the reader may not use. */
export function attachActions(root, { log, socket, userId, announce }) {
  const actions = new MessageActions(root, { log, socket, userId, announce });
  actions.attach();
  return actions;
}

class MessageActions {
  constructor(root, { log, socket, userId, announce }) {
    this._root = root;
    this._log = log;
    this._socket = socket;
    this._userId = userId;
    this._announce = announce;
    this._may = root.dataset.may.split(" ");
    this._dialog = part(root, "delete-dialog");
    this._deleting = null; // the message that the dialog asks about
  }

  attach() {
    this._log.list.addEventListener("click", (event) => this._onClick(event));
    this._dialog?.addEventListener("close", () => this._onDialogClosed());
    this._socket.addEventListener("edited", ({ detail }) => {
      this._log.find(detail.seq)?.querySelector(".msg-edit")?.reset(); // closes the editor
    });
    this._socket.addEventListener("problem", ({ detail }) => this._onProblem(detail));
    this._socket.addEventListener("room", ({ detail }) => {
      this._may = detail.may;
      const closed = part(this._root, "closed");
      if (closed) closed.hidden = !detail.closed;
      this.update(this._log.list.querySelectorAll(".msg"));
    });
  }

  update(elements) {
    for (const element of elements) this._updateMenu(element);
  }

  _updateMenu(element) {
    const menu = part(element, "menu");
    if (!menu) return;
    const may = this._may;
    const isOwn = this._userId !== null && Number(element.dataset.author) === this._userId;
    const allowed = {
      react: false, // a row of reactions is in its place
      reply: may.includes("send"),
      edit: isOwn && may.includes("edit"),
      delete: may.includes(isOwn ? "delete" : "delete_any"),
      report: !isOwn && may.includes("report"),
      mute: !isOwn && Boolean(element.dataset.author) && may.includes("mute"),
    };
    const actions = [...menu.querySelectorAll("[data-action]")];
    for (const action of actions) action.hidden = !allowed[action.dataset.action];
    menu.hidden = !may.includes("send") && actions.every((action) => action.hidden);
  }

  _onClick(event) {
    const link = event.target.closest("a[data-action]");
    const element = link?.closest(".msg");
    if (!element || !this._socket.isOpen) return; // without a connection the link opens a page
    const canEdit = link.dataset.action === "edit" && element.dataset.body !== undefined;
    if (!canEdit && link.dataset.action !== "delete") return;
    event.preventDefault();
    element.querySelector("[popover]").hidePopover();
    if (canEdit) this._edit(element);
    else this._confirmDeletion(element);
  }

  _edit(element) {
    if (element.querySelector(".msg-edit")) return;
    const form = buildEditor(element.dataset.body);
    const close = () => {
      const hadFocus = form.contains(document.activeElement);
      form.remove();
      element.classList.remove("is-edited");
      if (hadFocus) part(element, "menu")?.querySelector("button").focus();
    };
    element.classList.add("is-edited");
    part(element, "body").after(form);
    const box = form.querySelector("textarea");
    box.focus();
    box.setSelectionRange(box.value.length, box.value.length);
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") close();
      // Enter on a button is that button's; on a screen keyboard it begins a new line, as in the composer.
      if (event.target !== box || isTouch()) return;
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    });
    form.addEventListener("reset", close);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this._save(element, form, close);
    });
  }

  _save(element, form, close) {
    const body = form.querySelector("textarea").value.trim();
    const seq = Number(element.dataset.seq);
    if (body === element.dataset.body) close();
    else if (!this._socket.send({ type: "edit", seq, body, id: `edit-${seq}` })) {
      form.querySelector("[role=alert]").textContent = gettext("Sem conexão: tente de novo.");
    }
  }

  _confirmDeletion(element) {
    this._deleting = element;
    part(this._dialog, "excerpt").textContent = excerptOf(element);
    this._dialog.showModal();
  }

  _onDialogClosed() {
    const seq = Number(this._deleting?.dataset.seq);
    this._deleting = null;
    if (this._dialog.returnValue === "delete" && seq) {
      this._socket.send({ type: "delete", seq, id: `delete-${seq}` });
    }
    this._dialog.returnValue = "";
  }

  _onProblem(frame) {
    const seq = /^edit-(\d+)$/.exec(frame.id ?? "")?.[1];
    const problem = seq && this._log.find(seq)?.querySelector(".msg-edit [role=alert]");
    if (problem) problem.textContent = frame.detail;
    else if (!SILENT.includes(frame.id)) this._announce(frame.detail);
  }
}

function buildEditor(text) {
  const attributes = { maxLength: MAX_LENGTH, rows: 3, className: "input" };
  return build(
    "form",
    { className: "msg-edit" },
    build("textarea", { value: text, "aria-label": gettext("Mensagem"), ...attributes }),
    build("p", { className: "field-error", role: "alert" }),
    build(
      "div",
      { className: "form-actions" },
      build("button", { type: "submit", className: "button button-primary" }, gettext("Salvar")),
      build("button", { type: "reset", className: "button" }, gettext("Cancelar")),
    ),
  );
}
