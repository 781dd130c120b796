// Toasts: a new notification in the corner of the page.
import { build, buildButton } from "../core/dom.js";
import { gettext } from "../core/i18n.js";

const TOAST_MS = 10_000;
const MAX_TOASTS = 3;

/** Show a toast; `onOpen` is called when the reader follows its link. */
export function showToast(item, onOpen) {
  const toast = build("div", { className: "toast" }, buildTitle(item, onOpen));
  const attributes = { className: "icon-button", "aria-label": gettext("Dispensar") };
  toast.append(buildButton("×", () => toast.remove(), attributes));
  if (item.body) toast.append(build("p", { className: "toast-text", dir: "auto" }, item.body));
  const region = toastRegion();
  region.append(toast);
  while (region.children.length > MAX_TOASTS) region.firstElementChild.remove();
  removeLater(toast);
}

function toastRegion() {
  const existing = document.querySelector(".toasts");
  if (existing) return existing;
  const region = build("div", { className: "toasts", role: "status", "aria-live": "polite" });
  document.body.append(region);
  return region;
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

/** Remove a toast after a while, but not under the pointer or the keyboard's focus. */
function removeLater(toast) {
  setTimeout(() => {
    if (toast.matches(":hover, :focus-within")) removeLater(toast);
    else toast.remove();
  }, TOAST_MS);
}
