// Open pages of the agenda, and its block of the home page, follow new and changed events: members by the socket of
// notifications, at once; visitors and the seats of an event from time to time.
import { OPENED, onNotification, onPart, refreshParts } from "../core/refresh.js";

const EVERY_MS = 10_000;
const FALLBACK_MS = 60_000; // a message may be lost
const root = document.querySelector("main");
const isTold = document.body.dataset.member && !root.querySelector("[data-refresh=seats]");

let isDue = false;

async function refresh() {
  // A form in use keeps what was chosen in it.
  isDue = document.hidden || root.querySelector("[data-refresh] :is(select, input, button):focus") !== null;
  if (!isDue) await refreshParts(root, "main");
}

onNotification("event", refresh);
onPart("agenda", refresh);
if (root.querySelector("[data-agenda]")) onPart(OPENED, refresh); // its rows may be older than the connection
setInterval(refresh, isTold ? FALLBACK_MS : EVERY_MS);
document.addEventListener("visibilitychange", () => isDue && refresh());
