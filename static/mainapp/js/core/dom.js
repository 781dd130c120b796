// Finding, building and updating elements.

const REDUCED_MOTION = "(prefers-reduced-motion: reduce)";
const TOUCH = "(hover: none) and (pointer: coarse)";
const DIRECTIONS = ["up", "down", "flat"];
const FLASH = { up: "flash-up", down: "flash-down" };
const FLASH_MS = 1000;

export function part(root, name) {
  return root.querySelector(`[data-part="${name}"]`);
}

/** Return the data of a `json_script` element. */
export function readJson(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

/** Build an element: `attributes` are set as properties where there is one of that name. */
export function build(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

export function buildButton(text, onClick, attributes = {}) {
  const button = build("button", { type: "button", ...attributes }, text);
  if (onClick) button.addEventListener("click", onClick);
  return button;
}

/** Return the content of a fragment that the server rendered. */
export function parseFragment(html) {
  return build("template", { innerHTML: html }).content;
}

/** Set an element's text. The text node is kept: to replace it would lay out the parents again. */
export function setText(element, text) {
  const node = element.firstChild;
  if (node?.nodeType !== Node.TEXT_NODE || element.childNodes.length > 1) element.textContent = text;
  else if (node.data !== text) node.data = text;
}

/** Set a data attribute; null removes it. Setting it again, even to the same value, would recalculate styles. */
export function setData(element, name, value) {
  if ((element.dataset[name] ?? null) === value) return;
  if (value === null) delete element.dataset[name];
  else element.dataset[name] = value;
}

/** Set the text of a large figure, whose cents are small: 1.234<small>,50</small>. */
export function setFigure(element, text) {
  if (element.textContent === text) return;
  const [, whole, cents] = /^(.*?)([.,]\d{1,2})?$/.exec(text);
  element.replaceChildren(whole, ...(cents ? [build("small", {}, cents)] : []));
}

/** Colour a figure as up, down or flat; its other classes stay. */
export function setDirection(element, direction) {
  if (element.classList.contains(direction)) return;
  element.classList.remove(...DIRECTIONS);
  element.classList.add(direction);
}

/** Set a range bar's marker, 0–100; null hides the bar. */
export function setMarker(bar, place) {
  bar.hidden = place === null;
  if (place !== null) bar.style.setProperty("--at", place.toFixed(1));
}

/** Scroll a strip that is too narrow for its links to one of them. */
export function centre(link) {
  const [strip, own] = [link.parentElement, link.getBoundingClientRect()];
  const { left, width } = strip.getBoundingClientRect();
  strip.scrollLeft += own.left + own.width / 2 - (left + width / 2);
}

/** Return whether the reader types on a screen: its Enter key begins a new line. */
export function isTouch() {
  return window.matchMedia(TOUCH).matches;
}

let reducedMotion = null; // follows the setting; to ask anew for each price costs more than to draw it

export function hasReducedMotion() {
  reducedMotion ??= window.matchMedia(REDUCED_MOTION);
  return reducedMotion.matches;
}

/** Wait for the next task: input that came meanwhile is handled first. */
export function nextTask() {
  return new Promise((resolve) => setTimeout(resolve));
}

/** Call `start` once, when `element` is in view or less than a screen away. */
export function whenNear(element, start) {
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      observer.disconnect();
      start();
    },
    { rootMargin: "50%" },
  );
  observer.observe(element);
}

/** Flash a price that rose (`change` > 0) or fell; `clearFlashes` must listen on a parent. */
export function flash(element, change) {
  if (!change) return;
  const name = change > 0 ? FLASH.up : FLASH.down;
  if (element.classList.contains(name)) return;
  element.classList.remove(FLASH.up, FLASH.down);
  element.classList.add(name);
  // With reduced motion there is no animation, so no `animationend` to remove the class.
  if (hasReducedMotion()) setTimeout(() => element.classList.remove(name), FLASH_MS);
}

/** Remove the flash classes below `root` when their animations end. */
export function clearFlashes(root) {
  root.addEventListener("animationend", ({ target }) => target.classList.remove(FLASH.up, FLASH.down));
}
