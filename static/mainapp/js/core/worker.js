// The service worker: the offline page, and the notifications of web push. /sw.js sets `self.BUILD` to
// {version, page, assets, icon, device}, and loads this file by its hashed name.
//
// The cache of a version has the offline page and its assets, and nothing personal. A new version fills its own
// cache before it replaces the old one, so assets of two versions are never mixed.

const BUILD = self.BUILD;
const PREFIX = "pregao-";
const CACHE = PREFIX + BUILD.version;
const ASSETS = new Set(BUILD.assets);
const VERSION_HEADER = "X-Build";
const REFRESH_MS = 60_000;
const ICON = BUILD.icon;

let refreshedAt = -Infinity;

self.addEventListener("install", (event) => event.waitUntil(fillCache().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(loadPage(event));
  else if (ASSETS.has(new URL(request.url).pathname)) event.respondWith(loadAsset(request));
});
self.addEventListener("push", (event) => event.waitUntil(showPush(event.data)));
self.addEventListener("notificationclick", (event) => event.waitUntil(onClick(event)));
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(event)));

async function fillCache() {
  const cache = await caches.open(CACHE);
  const [page] = await Promise.all([fetchOfflinePage(), cache.addAll(BUILD.assets)]);
  if (!page) throw new Error("the offline page is of another version");
  await cache.put(BUILD.page, page);
}

async function activate() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== CACHE).map((name) => caches.delete(name)));
  await self.registration.navigationPreload?.enable();
  await self.clients.claim();
}

/** Fetch the offline page without cookies. Null if the server has another version: this cache lacks its assets. */
async function fetchOfflinePage() {
  const response = await fetch(BUILD.page, { credentials: "omit", cache: "no-store" });
  return response.ok && response.headers.get(VERSION_HEADER) === BUILD.version ? response : null;
}

/** Store the offline page with the newest prices, at most once in REFRESH_MS. */
async function refreshOfflinePage() {
  if (performance.now() - refreshedAt < REFRESH_MS) return;
  refreshedAt = performance.now();
  try {
    const page = await fetchOfflinePage();
    if (page) await (await caches.open(CACHE)).put(BUILD.page, page);
  } catch {
    refreshedAt = -Infinity; // the connection was lost again
  }
}

async function loadPage(event) {
  try {
    const response = (await event.preloadResponse) ?? (await fetch(event.request));
    event.waitUntil(refreshOfflinePage());
    return response;
  } catch (error) {
    const page = await caches.match(BUILD.page, { cacheName: CACHE });
    if (page) return page;
    throw error;
  }
}

async function loadAsset(request) {
  return (await caches.match(request, { cacheName: CACHE })) ?? fetch(request);
}

/** Show a message. Each push has to show something: iOS ends a subscription after three that do not. */
async function showPush(data) {
  let message = {};
  try {
    message = data?.json() ?? {};
  } catch {
    // not a message of this site
  }
  const { title = "Pregão", body = "", url = "/notifications/", tag = "", ...details } = message;
  await self.registration.showNotification(title, {
    body,
    tag,
    renotify: Boolean(tag),
    icon: ICON,
    data: { url, tag, title, ...details },
    actions: details.silence && details.silence_label ? [{ action: "silence", title: details.silence_label }] : [],
  });
}

async function onClick({ action, notification }) {
  const { data } = notification;
  notification.close();
  if (action === "silence" && (await silence(data))) {
    await self.registration.showNotification(data.title, { body: data.silenced, tag: data.tag, silent: true, icon: ICON, data });
    return;
  }
  await openWindow(new URL(data.url, self.location.origin).href);
}

/** Stop an alert as the user who is logged in here; only its owner may. Returns whether it was stopped. */
async function silence(data) {
  try {
    const state = await readDevice();
    const response = await fetch(data.silence, { method: "POST", headers: { "X-CSRFToken": state.csrf_token } });
    return response.ok;
  } catch {
    return false;
  }
}

async function openWindow(url) {
  const windows = await self.clients.matchAll({ type: "window" });
  const same = windows.find((client) => client.url === url);
  return same ? same.focus() : self.clients.openWindow(url);
}

/** Return the state of this device on the server; fails if nobody is logged in here. */
async function readDevice() {
  const response = await fetch(BUILD.device, { headers: { Accept: "application/json" } });
  if (!response.ok || response.redirected) throw new Error("not logged in");
  return response.json();
}

/** The push service replaced the subscription: send the new one. */
async function renew(event) {
  const options = event.oldSubscription?.options ?? { userVisibleOnly: true };
  const state = await readDevice();
  const subscription =
    event.newSubscription ??
    (await self.registration.pushManager.subscribe({ ...options, applicationServerKey: state.key }));
  const { endpoint, keys } = subscription.toJSON();
  await fetch(BUILD.device, {
    method: "POST",
    headers: { "X-CSRFToken": state.csrf_token },
    body: new URLSearchParams({ endpoint, ...keys, renews: "1" }),
  });
}
