// Pictures and files of messages, and the viewer of pictures.
import { build, buildButton, part } from "../core/dom.js";
import { gettext } from "../core/i18n.js";

const SIDE = 320; // PICTURE_SIDE of templatetags/forum.py
const UNITS = ["B", "KB", "MB"];

/** Fill the picture or the file of a message, and remove the parts that its kind lacks. */
export function fillMedia(element, kind, content) {
  const [picture, file] = [part(element, "picture"), part(element, "file")];
  if (kind === "image" && content.url) fillPicture(picture, content);
  else picture.remove();
  if (kind === "file" && content.url) fillFile(file, content);
  else file.remove();
  // Without a caption the text is the address of the file, for clients that show texts alone.
  if (kind === "file" || (kind === "image" && !content.caption)) part(element, "body").remove();
}

export function sizeText(bytes) {
  const step = bytes < 1024 ? 0 : bytes < 1024 ** 2 ? 1 : 2;
  const value = (bytes / 1024 ** step).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 });
  return `${value}\u00a0${UNITS[step]}`;
}

function fillPicture(link, { url, width, height }) {
  const scale = Math.min(1, SIDE / Math.max(width, height, 1));
  const picture = link.querySelector("img");
  link.href = url;
  Object.assign(picture, { width: Math.round(width * scale), height: Math.round(height * scale) });
  picture.src = `${url}600/`;
}

function fillFile(link, { url, name, size }) {
  link.href = url;
  part(link, "file-name").textContent = name;
  part(link, "file-size").textContent = sizeText(size);
}

/** Open the pictures of `list` in a dialog, in which arrow keys show the next and the previous one. */
export function attachViewer(list) {
  let viewer = null;
  list.addEventListener("click", (event) => {
    const link = event.target.closest(".msg-picture");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    viewer ??= new Viewer(list);
    viewer.open(link);
  });
}

class Viewer {
  constructor(list) {
    this._list = list;
    this._picture = build("img", { alt: gettext("Imagem") });
    this._caption = build("p", { className: "viewer-caption", dir: "auto" });
    this._download = build("a", { className: "button", download: "" }, gettext("Baixar"));
    this._before = buildButton("‹", () => this._step(-1), { className: "icon-button is-large", "aria-label": gettext("Imagem anterior") });
    this._after = buildButton("›", () => this._step(1), { className: "icon-button is-large", "aria-label": gettext("Próxima imagem") });
    const close = buildButton(gettext("Fechar"), () => this._dialog.close(), { className: "button", autofocus: true });
    const bar = build("div", { className: "viewer-bar" }, this._before, this._after, this._caption, this._download, close);
    this._dialog = build("dialog", { className: "viewer", "aria-label": gettext("Imagem") }, this._picture, bar);
    document.body.append(this._dialog);
    this._dialog.addEventListener("keydown", ({ key }) => {
      if (key === "ArrowLeft") this._step(-1);
      if (key === "ArrowRight") this._step(1);
    });
    this._dialog.addEventListener("click", ({ target }) => {
      if (target === this._dialog) this._dialog.close();
    });
    this._dialog.addEventListener("close", () => this._link?.focus());
  }

  open(link) {
    this._show(link);
    this._dialog.showModal();
  }

  _links() {
    return [...this._list.querySelectorAll(".msg-picture")];
  }

  _step(by) {
    const links = this._links();
    const next = links[links.indexOf(this._link) + by];
    if (next) this._show(next);
  }

  _show(link) {
    this._link = link;
    const { width, height } = link.querySelector("img");
    const address = link.getAttribute("href");
    // The small picture's shape until the large one is there: the dialog does not jump.
    this._picture.style.setProperty("--shape", `${width} / ${height}`);
    this._picture.src = `${address}1200/`;
    this._download.href = address;
    this._caption.textContent = part(link.closest(".msg"), "body")?.textContent.trim() ?? "";
    const links = this._links();
    this._before.disabled = links[0] === link;
    this._after.disabled = links.at(-1) === link;
  }
}
