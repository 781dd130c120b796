// Toasts: short news in the corner of the page.
import { build, buildButton } from "./dom.js";
import { gettext } from "./i18n.js";

const TOAST_MS = 10_000;
const MAX_TOASTS = 3;

/** Show a toast of these elements for ten seconds, longer under the pointer or the keyboard's focus. */
export function addToast(...content) {
  const toast = build("div", { className: "toast" }, ...content);
  const region = toastRegion();
  region.append(toast);
  while (region.children.length > MAX_TOASTS) region.firstElementChild.remove();
  removeLater(toast);
  return toast;
}

/**
 * Show what was done, with a button that undoes it. Returns a function that undoes it once; false when it was
 * undone before.
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
