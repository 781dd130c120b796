// A page of a club: fetches again the parts that change, and leaves when the reader is no longer a member.
import { watchPresence } from "../accounts/presence.js";
import { Connection, socketUrl } from "../core/connection.js";
import { fetchElement } from "../core/http.js";
import { gettext } from "../core/i18n.js";

const SILENCE_MS = 20_000;
const PROBE_MS = 5_000;
const WAIT_MS = 100; // several changes together cause one request
const RETRY_MS = 3_000;
const ALL = "all";
// Changes of these parts change the page's own sections; any other part is a block's.
const SECTIONS = { club: ["head"], members: ["head", "members", "consent"], portfolio: ["consent"] };

const root = document.getElementById("club");
const changed = new Set();
let timer = null;
let isLoading = false;
let wasLost = false;

const connection = new Connection({
  url: () => socketUrl(`/ws/club/${root.dataset.club}/`),
  silenceMs: SILENCE_MS,
  probeMs: PROBE_MS,
  needsLogin: true,
});
connection.addEventListener("frame", ({ detail }) => {
  if (detail.frame?.type === "changed") refreshSoon(detail.frame.part);
  else if (detail.frame?.type === "room_gone") leave();
});
connection.addEventListener("lost", () => (wasLost = true));
connection.addEventListener("opened", () => {
  // Changes may have been missed; a picture that was pending may be there since before the socket was.
  if (wasLost) refreshSoon(ALL);
  else if (root.querySelector("[data-pending]")) refreshSoon("club");
});
connection.addEventListener("state", () => connection.reason === "gone" && leave());
connection.start();

function refreshSoon(part, delayMs = WAIT_MS) {
  changed.add(part);
  clearTimeout(timer);
  timer = setTimeout(refresh, delayMs);
}

async function refresh() {
  if (isLoading) {
    refreshSoon([...changed][0]);
    return;
  }
  isLoading = true;
  const parts = [...changed];
  changed.clear();
  // Fragments that htmx loads name the event, as in hx-trigger="club-portfolio from:document".
  for (const part of parts) document.dispatchEvent(new Event(`club-${part}`));
  const fresh = await fetchElement(window.location.href, "#club").catch(() => null);
  isLoading = false;
  if (fresh) parts.forEach((part) => show(part, fresh));
  else parts.forEach((part) => refreshSoon(part, RETRY_MS));
}

function show(part, fresh) {
  const sections = part === ALL ? Object.values(SECTIONS).flat() : (SECTIONS[part] ?? []);
  for (const name of new Set(sections)) {
    const selector = `[data-refresh="${name}"]`;
    replace(root.querySelector(selector), fresh.querySelector(selector));
  }
  showBlocks(part, fresh.querySelector("[data-blocks]"));
}

/** Replace the blocks of a part, add new ones and remove those that are gone; others keep their state. */
function showBlocks(part, fresh) {
  const blocks = root.querySelector("[data-blocks]");
  if (!blocks || !fresh) return;
  const current = new Map([...blocks.children].map((block) => [keyOf(block), block]));
  const known = new Set();
  let before = null;
  for (const block of [...fresh.children]) {
    const key = keyOf(block);
    known.add(key);
    const own = current.get(key);
    if (own && !concerns(block, part)) {
      before = own;
      continue;
    }
    const adopted = document.adoptNode(block);
    if (own) replace(own, adopted);
    else if (before) before.after(adopted);
    else blocks.prepend(adopted);
    if (!own) announce(adopted);
    before = adopted;
  }
  for (const [key, block] of current) if (!known.has(key)) block.remove();
}

/** A block names its part, as in data-club-part="ideas"; one without a name is replaced by each change. */
function concerns(block, part) {
  const own = block.dataset.clubPart;
  return part === ALL || !own || own.split(" ").includes(part);
}

function keyOf(block) {
  return block.id || block.getAttribute("aria-labelledby") || block.dataset.clubPart || block.className;
}

function replace(old, fresh) {
  if (!old || !fresh || old.isEqualNode(fresh)) return;
  const focused = old.contains(document.activeElement) ? selectorOf(document.activeElement) : null;
  const menu = old.querySelector(":popover-open")?.id;
  const adopted = document.adoptNode(fresh);
  old.replaceWith(adopted);
  if (menu) document.getElementById(menu)?.showPopover?.();
  if (focused) adopted.querySelector(focused)?.focus();
  announce(adopted);
}

/** Tell the modules of features about an element that they have not seen. */
function announce(element) {
  watchPresence(element);
  document.dispatchEvent(new CustomEvent("clubpart", { detail: element }));
}

function selectorOf(element) {
  for (const name of ["id", "href", "aria-label"]) {
    const value = element.getAttribute(name);
    if (value) return `[${name}="${CSS.escape(value)}"]`;
  }
  return null;
}

/** The reader left or was removed: nothing of the club stays on the page. */
function leave() {
  root.replaceChildren();
  document.querySelector("[data-club-status]").textContent = gettext("Este clube não está mais disponível para você.");
  window.location.replace("/clubes/");
}
