// The height that a screen keyboard leaves free.
//
// Chrome and Firefox lay the page out above the keyboard (`interactive-widget=resizes-content`); Safari
// shifts the page up instead, so there the room gets the height of what is visible.

const TOLERANCE_PX = 1;

/** Keep `--visible-height` of `element` while a keyboard covers a part of the page. */
export function followKeyboard(element, view = window.visualViewport) {
  if (!view) return;
  const update = () => {
    const isCovered = document.documentElement.clientHeight - view.height > TOLERANCE_PX && view.scale === 1;
    if (isCovered) element.style.setProperty("--visible-height", `${view.height}px`);
    else element.style.removeProperty("--visible-height");
    if (isCovered && view.offsetTop > 0) element.scrollIntoView({ block: "end" });
  };
  view.addEventListener("resize", update);
}
