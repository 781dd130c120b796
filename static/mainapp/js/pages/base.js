// The frame of every page: theme switch, menus, search.
import { build, centre } from "../core/dom.js";
import { csrfToken } from "../core/http.js";
import { forgetOthers } from "../core/personal.js";
import "../core/popover.js";
import { attachSearch } from "../market/search.js";
import { checkDevice } from "../notifications/device.js";
import { savePreference } from "./preferences.js";
import { attachSiteSearch } from "./search.js";

const OLD_MS = 60_000;

/** A page without a socket gets no newer prices: mark its prices as old after a minute. */
function markOldPrices(page) {
  if (page.dataset.prices !== "live" || document.querySelector("[data-market-status]")) return;
  setTimeout(() => (page.dataset.prices = "stale"), OLD_MS);
}

let saving = Promise.resolve(); // one request after the other: the last choice wins

/** Save a theme in the account; resolves to the text of an error, "" when there is none. */
function saveTheme(theme) {
  const url = document.querySelector('meta[name="preferences"]')?.content;
  if (!url) return "";
  saving = saving
    .then(() => savePreference(url, "theme", theme))
    .then(() => "", (error) => error.message);
  return saving;
}

function attachThemeSwitch(box) {
  const show = () => {
    for (const button of box.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.value === window.pregaoTheme.choice()));
    }
  };
  const problem = build("p", { className: "field-error", role: "alert", hidden: true });
  box.after(problem);
  box.hidden = false;
  box.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    window.pregaoTheme.choose(button.value);
    problem.textContent = await saveTheme(button.value);
    problem.hidden = !problem.textContent;
  });
  document.addEventListener("themechoice", show);
  window.addEventListener("storage", show);
  show();
}

/**
 * Keep the head's height in `--head-height`, so that sticky elements stay below the head. Setting it recalculates
 * the style of every element, so it is not set where the style sheet already has the right height.
 */
function followHeadHeight(head) {
  const root = document.documentElement;
  const observer = new ResizeObserver(() => {
    const known = Number.parseFloat(getComputedStyle(root).getPropertyValue("--head-height"));
    if (Math.abs(head.offsetHeight - known) < 1) return;
    root.style.setProperty("--head-height", `${head.offsetHeight}px`);
  });
  observer.observe(head);
}

followHeadHeight(document.querySelector(".site-head"));

/** Return whether the reader named on this page is still logged in. */
async function isStillLoggedIn(member) {
  const url = document.querySelector('meta[name="account"]').content;
  const response = await fetch(url, { cache: "no-store" });
  return response.ok && String((await response.json()).id) === member;
}

/**
 * Show this page, which names its reader, from the back/forward cache only to that reader. Chrome and
 * Safari store pages there despite `no-store`, so the page is hidden before it is stored.
 */
function guardMember(member) {
  const root = document.documentElement;
  window.addEventListener("pagehide", (event) => (root.hidden = event.persisted));
  window.addEventListener("pageshow", async (event) => {
    if (!event.persisted) return;
    if (await isStillLoggedIn(member).catch(() => false)) root.hidden = false;
    else window.location.reload();
  });
}

/** Install the service worker (core/worker.js), and keep this browser's push subscription right. */
async function attachWorker(member) {
  if (!("serviceWorker" in navigator)) return;
  const url = document.querySelector('meta[name="device"]')?.content;
  try {
    await navigator.serviceWorker.register("/sw.js", { updateViaCache: "none" });
    await checkDevice(url, member);
  } catch {
    // without a worker, or without the server, the page works as before
  }
}

forgetOthers(document.body.dataset.member ?? "");
if (document.body.dataset.member) guardMember(document.body.dataset.member);
// Error pages have no token and do not know whether somebody is logged in.
if (csrfToken()) attachWorker(document.body.dataset.member ?? "");
markOldPrices(document.documentElement);
document.querySelectorAll(":is(.tabs, .strip) > [aria-current]").forEach((link) => centre(link));
document.querySelectorAll("[data-theme-switch]").forEach(attachThemeSwitch);
document.querySelectorAll("form[data-search-url]").forEach(attachSearch);
document.querySelectorAll("form[data-site-search]").forEach(attachSiteSearch);
