// Menus that open beside their button: elements with `popover`, opened by `popovertarget` without scripts too, or by
// a module from the element that has their id as `aria-controls`. Every page loads this module.
//
// A menu in the top layer is never clipped by a scrolling parent. It opens below its button, or above it where
// there is no room below. It follows its button when the page scrolls, and closes when the button leaves the window,
// unless a field of the menu has the focus: a screen keyboard that opens for the field scrolls and resizes the page.

const GAP_PX = 4; // between button and menu
const MARGIN_PX = 8; // to the edge of the window
const ITEMS = "a[href], button:not([disabled])";
const FIELDS = "input, select, textarea";
const STEPS = { ArrowDown: 1, ArrowUp: -1 };

let opened = null; // { panel, button }

function onBeforeToggle(event) {
  const panel = event.target;
  if (!panel.matches?.("[popover].menu-panel")) return;
  if (event.newState !== "open") {
    if (opened?.panel === panel) opened = null;
    return;
  }
  const id = CSS.escape(panel.id);
  const button = document.querySelector(`[popovertarget="${id}"], [aria-controls="${id}"]`);
  if (!button) return;
  opened = { panel, button };
  // The menu is not shown yet; the frame comes before it is painted, the event `toggle` may come after.
  requestAnimationFrame(() => place(panel, button));
}

/** Put the menu at the button's end, within the window; parts/menu.css reads the properties. */
function place(panel, button) {
  const anchor = button.getBoundingClientRect();
  const [width, height] = [panel.offsetWidth, panel.offsetHeight];
  const { clientWidth, clientHeight } = document.documentElement;
  const below = anchor.bottom + GAP_PX;
  const above = anchor.top - GAP_PX - height;
  const fitsBelow = below + height <= clientHeight - MARGIN_PX;
  const top = fitsBelow || above < MARGIN_PX ? below : above;
  const left = Math.min(Math.max(anchor.right - width, MARGIN_PX), clientWidth - width - MARGIN_PX);
  panel.style.setProperty("--x", `${left}px`);
  panel.style.setProperty("--y", `${Math.max(MARGIN_PX, Math.min(top, clientHeight - height - MARGIN_PX))}px`);
}

function onMove(event) {
  if (!opened || (event.type === "scroll" && opened.panel.contains(event.target))) return;
  const { top, bottom } = opened.button.getBoundingClientRect();
  const isButtonInView = bottom > 0 && top < document.documentElement.clientHeight;
  if (isButtonInView || opened.panel.querySelector(`:is(${FIELDS}):focus`)) place(opened.panel, opened.button);
  else opened.panel.hidePopover();
}

function onKey(event) {
  const step = STEPS[event.key];
  if (!opened || !step || event.defaultPrevented || event.target.matches(FIELDS)) return; // fields use the arrows
  const isInside = opened.panel.contains(event.target);
  if (!isInside && event.target !== opened.button) return;
  event.preventDefault();
  const items = [...opened.panel.querySelectorAll(ITEMS)].filter((item) => item.checkVisibility());
  const index = items.indexOf(document.activeElement);
  const next = isInside ? index + step : step > 0 ? 0 : -1;
  items.at(next % items.length)?.focus();
}

document.addEventListener("beforetoggle", onBeforeToggle, { capture: true });
document.addEventListener("scroll", onMove, { capture: true, passive: true });
document.addEventListener("keydown", onKey);
window.addEventListener("resize", onMove);
