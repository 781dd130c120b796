// The toast of a new notification.
import { build, buildButton } from "../core/dom.js";
import { gettext } from "../core/i18n.js";
import { addToast } from "../core/toasts.js";

/** Show a toast; `onOpen` is called when the reader follows its link. */
export function showToast(item, onOpen) {
  const attributes = { className: "icon-button", "aria-label": gettext("Dispensar") };
  const close = buildButton("×", () => toast.remove(), attributes);
  const text = item.body ? [build("p", { className: "toast-text", dir: "auto" }, item.body)] : [];
  const toast = addToast(buildTitle(item, onOpen), close, ...text);
}

function buildTitle(item, onOpen) {
  const href = sitePath(item.url);
  if (!href) return build("strong", { className: "toast-title", dir: "auto" }, item.title);
  const link = build("a", { className: "toast-title", dir: "auto", href }, item.title);
  link.addEventListener("click", onOpen);
  return link;
}

/** Return a path of this site, null for any other address. */
function sitePath(url) {
  return /^\/(?![/\\])/.test(url ?? "") ? url : null;
}
