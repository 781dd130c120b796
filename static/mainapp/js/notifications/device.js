// Web push of this browser: its subscription, and the server's record of it.
import { post } from "../core/http.js";
import { gettext } from "../core/i18n.js";
import { readText, writeText } from "../core/storage.js";

const OWNER_KEY = "push.owner"; // the id of the user who switched this browser on
const CHECKED_KEY = "push.checked"; // in sessionStorage: once a tab is enough
const WAIT_MS = 20_000; // a browser that cannot reach its push service may never answer

/** Return the reason why this browser cannot get notifications: "install", "denied", "unsupported", or "" if it can. */
export function pushObstacle() {
  const isApple = /iPhone|iPad/.test(navigator.userAgent) || (/Mac/.test(navigator.userAgent) && navigator.maxTouchPoints > 1);
  const isInstalled = navigator.standalone || matchMedia("(display-mode: standalone)").matches;
  if (isApple && !isInstalled) return "install";
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) return "unsupported";
  return Notification.permission === "denied" ? "denied" : "";
}

/** Return {key, device, endpoint} of this browser's log-in. */
export async function readState(url) {
  const response = await fetch(url, { headers: { Accept: "application/json" }, cache: "no-store" });
  if (!response.ok) throw new Error(gettext("O servidor não respondeu."));
  return response.json();
}

/** Subscribe this browser and store it for the user; resolves to the new state. */
export async function switchOn(url, member) {
  if ((await Notification.requestPermission()) !== "granted") throw new Error(gettext("O navegador não permitiu."));
  const { key } = await readState(url);
  const state = await send(url, await subscribe(key), { name: deviceName() });
  writeText(OWNER_KEY, member);
  return state;
}

/** End this browser's subscription. The server removes the device at the log-out, or when the next message fails. */
export async function unsubscribe() {
  writeText(OWNER_KEY, null);
  const registration = await navigator.serviceWorker.getRegistration();
  const subscription = await registration?.pushManager?.getSubscription();
  await subscription?.unsubscribe();
}

/**
 * Compare the browser's subscription with the server's record, once a tab, because browsers end and replace
 * subscriptions without an event. `member` is "" if nobody is logged in.
 */
export async function checkDevice(url, member) {
  const owner = readText(OWNER_KEY);
  if (!owner || pushObstacle()) return;
  if (owner !== member) await unsubscribe();
  else if (!readText(CHECKED_KEY, "sessionStorage")) await compare(url);
}

async function compare(url) {
  const state = await readState(url);
  const registration = await navigator.serviceWorker.ready;
  let subscription = await registration.pushManager.getSubscription();
  if (!subscription && state.device) subscription = await subscribe(state.key);
  if (subscription && subscription.endpoint !== state.endpoint) {
    const { device } = await send(url, subscription, { renews: "1" });
    if (!device) await unsubscribe(); // removed on another device
  }
  writeText(CHECKED_KEY, "1", "sessionStorage");
}

async function subscribe(key) {
  if (!key) throw new Error(gettext("Este site não está pronto para enviar notificações."));
  const { pushManager } = await navigator.serviceWorker.ready;
  const options = { userVisibleOnly: true, applicationServerKey: key };
  const before = await pushManager.getSubscription();
  // A subscription for another key of the site would get no message.
  if (before && base64url(before.options?.applicationServerKey) !== key) await before.unsubscribe();
  const timeout = new Promise((_resolve, reject) => setTimeout(() => reject(new Error(gettext("O serviço do navegador não respondeu."))), WAIT_MS));
  return Promise.race([pushManager.subscribe(options), timeout]);
}

async function send(url, subscription, fields) {
  const { endpoint, keys } = subscription.toJSON();
  return post(url, new URLSearchParams({ endpoint, ...keys, ...fields }), {
    unreachable: gettext("O servidor não respondeu."),
    refused: gettext("Não deu certo."),
  });
}

function base64url(bytes) {
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes ?? [])));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Return the default name of this device, such as "Chrome, Android". */
function deviceName() {
  const agent = navigator.userAgent;
  const name = (names) => names.find(([pattern]) => pattern.test(agent))?.[1];
  const browser = name([[/Edg/, "Edge"], [/OPR/, "Opera"], [/SamsungBrowser/, "Samsung"], [/Firefox/, "Firefox"], [/Chrome/, "Chrome"], [/Safari/, "Safari"]]);
  const system = name([[/iPhone/, "iPhone"], [/iPad/, "iPad"], [/Android/, "Android"], [/Windows/, "Windows"], [/Mac/, "Mac"], [/Linux/, "Linux"]]);
  return [browser, system].filter(Boolean).join(", ");
}
