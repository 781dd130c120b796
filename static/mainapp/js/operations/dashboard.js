// The dashboard: ws/dashboard/ sends all of its values; outdated values are shown as such.
import { displayElsewhere } from "../core/connection-status.js";
import { Connection, socketUrl } from "../core/connection.js";
import { build, part, setData, setText } from "../core/dom.js";
import { gettext } from "../core/i18n.js";
import { age } from "../core/time.js";
import { sourceName } from "../market/quotes.js";
import { drawCurves, whole } from "./curves.js";

const SILENCE_MS = 9_000; // a heartbeat comes every 4 to 5 s
const PROBE_MS = 3_000;
const OLD_MS = 6_000;
const FRAMES = ["dashboard_data", "changed", "heartbeat"];

const FEEDS = {
  live: () => gettext("Ao vivo"),
  late: () => gettext("Atrasado"),
  down: () => gettext("Parado"),
};
const STOPPED = {
  session: () => gettext("Sua sessão terminou: entre de novo"),
  forbidden: () => gettext("Você não administra mais este site"),
  flooded: () => gettext("O servidor encerrou a conexão; recarregue a página"),
  gone: () => gettext("Esta página não existe mais no servidor"),
};
const SOURCES = {
  unused: ["unused", () => gettext("ainda não usada")],
  ok: ["ok", () => gettext("respondendo")],
  lacking: ["lacking", () => gettext("responde, sem o que foi pedido")],
  resting: ["resting", () => gettext("poupando chamadas")],
  open: ["broken", () => gettext("fora do ar")],
  half_open: ["broken", () => gettext("tentando de novo")],
};

const root = document.querySelector("[data-dashboard]");
let values = null;
let frameAt = 0; // performance.now() of the last frame; the server's time was values.at

const connection = new Connection({
  url: () => socketUrl("/ws/dashboard/"),
  silenceMs: SILENCE_MS,
  probeMs: PROBE_MS,
  needsLogin: true,
  isAlive: ({ type }) => FRAMES.includes(type),
});
connection.addEventListener("frame", ({ detail }) => receive(detail.frame));
connection.addEventListener("state", showState);
displayElsewhere(connection);
connection.start();
setInterval(showState, 1000);
document.addEventListener("visibilitychange", showState);

function receive(frame) {
  if (!FRAMES.includes(frame?.type)) return;
  values = frame.type === "dashboard_data" ? frame : { ...values, ...frame };
  frameAt = performance.now();
  root.querySelectorAll("[data-value]").forEach(showCount);
  if (frame.parts) showTroubles();
  if (frame.sources) showSources();
  if (frame.curves) {
    drawCurves(root, frame.curves, frame.at);
    part(root, "no-curves").hidden = frame.curves.length > 0;
  }
  showState();
}

function showCount(element) {
  const name = element.dataset.value;
  const value = values[name] ?? null;
  if (values.at_least?.includes(name)) setText(element, gettext("mais de %s", [whole(value - 1)]));
  else setText(element, (values.about?.includes(name) ? "≈ " : "") + whole(value));
}

function showTroubles() {
  for (const banner of root.querySelectorAll("[data-trouble]")) {
    banner.hidden = values.parts[banner.dataset.trouble] !== "down";
  }
}

function showSources() {
  const items = values.sources.map(({ name, state }) => {
    const [mark, word] = SOURCES[state] ?? ["broken", () => state];
    const badge = build("span", { className: "state" }, word());
    badge.dataset.state = mark;
    return build("li", {}, sourceName(name), badge);
  });
  part(root, "sources").replaceChildren(...items);
}

/** Return the age in ms of the values; null before the first reading. */
function valuesAge() {
  return typeof values?.age_s === "number" ? values.age_s * 1000 + performance.now() - frameAt : null;
}

/** Return the age in ms of the last batch of prices, by the server's clock at the last frame; null before it. */
function batchAge() {
  const ms = Date.parse(values?.at) - Date.parse(values?.batch_at ?? "");
  return Number.isNaN(ms) ? null : Math.max(0, ms) + performance.now() - frameAt;
}

function showState() {
  const [state, text, mark] = currentState();
  const ms = valuesAge();
  setData(root, "state", state);
  setData(part(root, "state"), "state", mark);
  setText(part(root, "state"), text);
  // Not in the live region: it changes every second.
  setText(part(root, "age"), state === "live" || ms === null ? "" : gettext("números de %s", [age(ms / 1000)]));
  showFeed(state === "live");
}

/** Return the page's state, its text and its badge's style. */
function currentState() {
  const ms = valuesAge();
  if (connection.state === "stopped") return ["lost", STOPPED[connection.reason]?.() ?? "", "broken"];
  if (connection.state !== "open") {
    if (values === null && connection.reason === "connecting") return ["loading", gettext("Conectando…"), "unused"];
    return ["lost", gettext("Sem conexão"), "broken"];
  }
  if (ms === null) return ["old", gettext("Sem números ainda"), "lacking"];
  if (ms > OLD_MS) return ["old", gettext("Desatualizado"), "lacking"];
  return ["live", gettext("Ao vivo"), "ok"];
}

function showFeed(isLive) {
  const batchMs = batchAge();
  if (batchMs !== null) setText(part(root, "batch"), age(batchMs / 1000));
  const badge = part(root, "feed");
  const feed = values === null ? "connecting" : isLive ? values.feed : "down";
  setData(badge, "feed", feed);
  if (values !== null) setText(badge, isLive ? (FEEDS[feed]?.() ?? feed) : gettext("Desatualizado"));
}
