// Open pages of the agenda follow new events and seats: after a notification about an event, and from time to time.
import { onNotification, refreshParts } from "../core/refresh.js";

const EVERY_MS = 10_000;
const root = document.querySelector("main");

async function refresh() {
  // A form in use keeps what was chosen in it.
  if (document.hidden || root.querySelector("[data-refresh] :is(select, input, button):focus")) return;
  await refreshParts(root, "main");
}

onNotification("event", refresh);
setInterval(refresh, EVERY_MS);
document.addEventListener("visibilitychange", refresh);
