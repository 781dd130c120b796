// Pictures and files to send: chosen, pasted or dropped; uploaded at once, and shown above the composer until sent.
import { build, buildButton, part } from "../core/dom.js";
import { post } from "../core/http.js";
import { gettext } from "../core/i18n.js";
import { sizeText } from "./media.js";

const MAX_BYTES = 10 * 1024 * 1024; // MAX_BYTES of uploads/policies.py
const MAX_FILES = 10; // at once
const UPLOAD_MS = 120_000;

export class Attachments extends EventTarget {
  /** `drop` is the element onto which files may be dropped; `showProblem` shows a sentence. Event: `change`. */
  constructor({ form, drop, draft, showProblem }) {
    super();
    this._form = form;
    this._drop = drop;
    this._draft = draft;
    this._showProblem = showProblem;
    this._tray = part(form, "tray");
    this._items = []; // {file, upload, element, isFailed}
  }

  attach() {
    const input = this._form.querySelector('[type="file"]');
    input.multiple = true;
    input.addEventListener("change", () => {
      this.add([...input.files]);
      input.value = "";
    });
    this._form.querySelector("textarea").addEventListener("paste", (event) => {
      const files = [...event.clipboardData.files];
      if (!files.length) return;
      event.preventDefault();
      this.add(files);
    });
    this._attachDrop();
    for (const upload of this._draft.get("uploads")) this._show({ upload });
    return this;
  }

  get isEmpty() {
    return this._items.length === 0;
  }

  get isUploading() {
    return this._items.some(({ upload, isFailed }) => !upload && !isFailed);
  }

  add(files) {
    for (const file of files) {
      if (this._items.length >= MAX_FILES) {
        this._showProblem(gettext("Até %s arquivos de uma vez.", [MAX_FILES]));
        return;
      }
      if (file.size > MAX_BYTES) this._showProblem(gettext("O arquivo passa de 10 MB: escolha um menor."));
      else this._upload(this._show({ file }));
    }
  }

  /** Return the uploads to send, and forget them. */
  take() {
    const uploads = this._items.filter(({ upload }) => upload).map(({ upload }) => upload);
    for (const { element } of this._items) element.remove();
    this._items = [];
    this._changed();
    return uploads;
  }

  _attachDrop() {
    const hasFiles = (event) => !this._form.hidden && [...event.dataTransfer.types].includes("Files");
    const showOver = (isOver) => this._drop.toggleAttribute("data-over", isOver);
    this._drop.addEventListener("dragover", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      showOver(true);
    });
    this._drop.addEventListener("dragleave", (event) => showOver(this._drop.contains(event.relatedTarget)));
    this._drop.addEventListener("drop", (event) => {
      showOver(false);
      if (!hasFiles(event)) return;
      event.preventDefault();
      this.add([...event.dataTransfer.files]);
    });
  }

  _show({ file = null, upload = null }) {
    const item = { file, upload, isFailed: false };
    const name = file?.name ?? upload.name;
    const remove = buildButton("×", () => this._remove(item), { className: "icon-button", "aria-label": gettext("Tirar %s", [name]) });
    const words = build("span", { className: "tray-text" }, build("bdi", {}, name), build("small", { "data-part": "state" }));
    item.element = build("li", { className: "tray-item" }, build("span", { className: "tray-picture" }), words, remove);
    this._tray.append(item.element);
    this._items.push(item);
    this._showState(item);
    return item;
  }

  async _upload(item) {
    const body = new FormData();
    body.append("file", item.file);
    const messages = { unreachable: gettext("Sem conexão: tente de novo."), refused: gettext("Não deu para enviar o arquivo.") };
    try {
      item.upload = await post(this._form.dataset.uploads, body, { ...messages, timeoutMs: UPLOAD_MS });
    } catch (error) {
      item.isFailed = true;
      item.problem = error.message;
    }
    if (this._items.includes(item)) this._showState(item);
    else if (item.upload) this._delete(item.upload);
  }

  _showState(item) {
    const { element, upload, isFailed, problem } = item;
    element.classList.toggle("failed", isFailed);
    const state = part(element, "state");
    if (isFailed) {
      state.replaceChildren(problem, " ", buildButton(gettext("tentar de novo"), () => this._retry(item), { className: "link-button" }));
    } else state.textContent = upload ? sizeText(upload.size) : gettext("enviando…");
    if (upload?.kind === "image") {
      element.querySelector(".tray-picture").replaceChildren(build("img", { src: `${upload.url}150/`, alt: "" }));
    }
    this._changed();
  }

  _retry(item) {
    item.isFailed = false;
    this._showState(item);
    this._upload(item);
  }

  _remove(item) {
    item.element.remove();
    this._items = this._items.filter((other) => other !== item);
    if (item.upload) this._delete(item.upload);
    this._changed();
  }

  _delete({ id }) {
    post(`${this._form.dataset.uploads}${id}/`, {}, { method: "DELETE" }).catch(() => {}); // or swept a day later
  }

  _changed() {
    this._tray.hidden = this.isEmpty;
    const uploads = this._items.filter(({ upload }) => upload).map(({ upload }) => upload);
    this._draft.set("uploads", uploads.map(({ id, kind, name, size, url, width, height }) => ({ id, kind, name, size, url, width, height })));
    this.dispatchEvent(new CustomEvent("change"));
  }
}

/** Return the messages, as entries of the outbox, that a text and uploads are sent as. */
export function messagesOf(text, uploads, reply) {
  const messages = uploads.map(({ id, kind, ...shown }) => ({ kind, content: { upload: id }, shown }));
  // A text is the caption of the first picture; files have none.
  if (text && messages[0]?.kind === "image") messages[0].content.caption = text;
  else if (text) messages.unshift({ body: text });
  if (reply && messages.length) Object.assign(messages[0], { reply, reply_to: reply.seq });
  return messages;
}
