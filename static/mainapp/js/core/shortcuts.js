// Keyboard shortcuts of one key, and the dialog that lists those of the page.
import { build, buildButton } from "./dom.js";
import { gettext } from "./i18n.js";
import { readText, writeText } from "./storage.js";

const OFF = "shortcuts-off"; // key in localStorage
const FIELDS = "input, textarea, select, [contenteditable]:not([contenteditable=false])";
const WITHOUT_TEXT = ["checkbox", "radio", "button", "submit", "reset"];
const ACTIVATED = "a, button, summary, input"; // Enter and the space bar belong to these
const KEY_NAMES = {
  " ": () => gettext("Espaço"),
  Enter: () => "Enter",
  Escape: () => "Esc",
  ArrowUp: () => "↑",
  ArrowDown: () => "↓",
  ArrowLeft: () => "←",
  ArrowRight: () => "→",
};

const registered = [];
let dialog = null;

/**
 * Run `run(event)` when one of `keys` is pressed outside of text fields, without Ctrl, Alt or Meta.
 *
 * `keys` is a `KeyboardEvent.key` or a list of them ("j", "?", "ArrowDown"); with `repeats` a key that is
 * held down runs it repeatedly. The help lists it by `label` under the heading `scope`. `isActive` may
 * switch it off for a while: it is then neither run nor listed. Of two active shortcuts with one key the
 * newer one runs. Returns a function that removes the shortcut.
 */
export function registerShortcut({ keys, label, run, scope = gettext("Nesta página"), isActive = () => true, repeats = false }) {
  const shortcut = { keys: [keys].flat(), label, run, scope, isActive, repeats };
  registered.push(shortcut);
  return () => {
    const index = registered.indexOf(shortcut);
    if (index >= 0) registered.splice(index, 1);
  };
}

/** Show the dialog that lists the shortcuts of this page. The focus returns when it is closed. */
function showShortcuts() {
  dialog ??= document.body.appendChild(buildDialog());
  dialog.querySelector("[data-part=list]").replaceChildren(...buildGroups());
  dialog.querySelector("input").checked = areEnabled();
  if (!dialog.open) dialog.showModal();
}

/** Return whether the reader has not switched the shortcuts off. */
function areEnabled() {
  return readText(OFF) === null;
}

function onKeyDown(event) {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
  if (isTyping(event) || document.querySelector("dialog:modal") || !areEnabled()) return;
  const shortcut = registered.findLast(({ keys, isActive }) => keys.includes(event.key) && isActive());
  if (!shortcut) return;
  event.preventDefault();
  if (!event.repeat || shortcut.repeats) shortcut.run(event);
}

/** Return whether the key belongs to the focused element. */
function isTyping({ key, target }) {
  const field = target.closest?.(FIELDS);
  if (field && !WITHOUT_TEXT.includes(field.type)) return true;
  return (key === "Enter" || key === " ") && Boolean(target.closest?.(ACTIVATED));
}

function buildDialog() {
  const title = build("h2", { id: "shortcuts-title" }, gettext("Atalhos do teclado"));
  const close = buttonWithLabel("×", gettext("Fechar"), () => shown.close());
  const list = build("div", { className: "shortcuts", "data-part": "list" });
  const attributes = { className: "dialog", "aria-labelledby": "shortcuts-title" };
  const head = build("header", { className: "dialog-head" }, title, close);
  const shown = build("dialog", attributes, head, list, buildSwitch());
  shown.addEventListener("click", ({ target }) => {
    if (target === shown) shown.close(); // the backdrop
  });
  return shown;
}

function buttonWithLabel(text, label, onClick) {
  return buildButton(text, onClick, { className: "icon-button", "aria-label": label });
}

/** Return the switch for readers whose speech input or keyboard presses single keys by accident. */
function buildSwitch() {
  const box = build("input", { type: "checkbox", className: "check-input" });
  box.addEventListener("change", () => writeText(OFF, box.checked ? null : "1"));
  return build("label", { className: "check switch shortcuts-switch" }, box, " ", gettext("Usar atalhos de uma tecla"));
}

function buildGroups() {
  const groups = new Map();
  for (const shortcut of registered.filter(({ isActive }) => isActive())) {
    groups.set(shortcut.scope, [...(groups.get(shortcut.scope) ?? []), shortcut]);
  }
  return [...groups].map(([scope, shortcuts]) => {
    const rows = shortcuts.map(({ keys, label }) => {
      const names = keys.map((key) => build("kbd", {}, KEY_NAMES[key]?.() ?? key));
      return build("div", {}, build("dt", {}, label), build("dd", {}, ...names));
    });
    return build("section", {}, build("h3", {}, scope), build("dl", {}, ...rows));
  });
}

document.addEventListener("keydown", onKeyDown);
document.addEventListener("click", ({ target }) => {
  if (target.closest?.("[data-action=shortcuts]")) showShortcuts();
});
registerShortcut({
  keys: "?",
  label: gettext("Mostrar os atalhos"),
  run: showShortcuts,
  scope: gettext("Em todas as páginas"),
});
