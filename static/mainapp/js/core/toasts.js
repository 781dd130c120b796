// Toasts: short messages in the corner of the page.
import { build, buildButton } from "./dom.js";
import { gettext } from "./i18n.js";

const TOAST_MS = 10_000;
const MAX_TOASTS = 3;

/** Show a toast with this content for ten seconds, or longer while it has the pointer or the focus. */
export function addToast(...content) {
  const toast = build("div", { className: "toast" }, ...content);
  const region = toastRegion();
  region.append(toast);
  while (region.children.length > MAX_TOASTS) region.firstElementChild.remove();
  removeLater(toast);
  return toast;
}

/**
 * Show a toast with a button that calls `undo`. Returns a function that does the same; the second call of either
 * does nothing and returns false.
 */
export function offerUndo(text, undo) {
  let isUndone = false;
  const run = () => {
    if (isUndone) return false;
    isUndone = true;
    toast.remove();
    undo();
    return true;
  };
  const button = buildButton(gettext("Desfazer"), run, { className: "button button-small" });
  const toast = addToast(build("span", { className: "toast-title" }, text), button);
  return run;
}

function toastRegion() {
  const existing = document.querySelector(".toasts");
  if (existing) return existing;
  const region = build("div", { className: "toasts", role: "status", "aria-live": "polite" });
  document.body.append(region);
  return region;
}

function removeLater(toast) {
  setTimeout(() => {
    if (toast.matches(":hover, :focus-within")) removeLater(toast);
    else toast.remove();
  }, TOAST_MS);
}
