// The page's one line about its connections: `[data-connection-status]` in base.html.
import { part, setText } from "./dom.js";
import { gettext } from "./i18n.js";

const PATIENCE_MS = 2500;
const TEXTS = {
  gone: () => gettext("Esta página não existe mais no servidor"),
  flooded: () => gettext("O servidor encerrou a conexão; recarregue a página"),
  offline: () => gettext("Você está sem internet"),
};

const watched = new Set();
const displayedElsewhere = new Set();
let timer = null;

/** Show a message while `connection` is lost. */
export function watchConnection(connection) {
  watched.add(connection);
  connection.addEventListener("state", schedule);
  schedule();
}

/** Leave a connection's state to another element, such as the status bar of prices. */
export function displayElsewhere(connection) {
  displayedElsewhere.add(connection);
  connection.addEventListener("state", schedule);
}

/** Show endings at once, and interruptions only when they last. */
function schedule() {
  clearTimeout(timer);
  const [status] = trouble();
  if (status === "reconnecting") timer = setTimeout(show, PATIENCE_MS);
  else show();
}

function show() {
  const line = document.querySelector("[data-connection-status]");
  if (!line) return;
  const [status, text] = trouble();
  line.dataset.status = status;
  part(line, "text").hidden = text === "";
  setText(part(line, "text"), text);
  part(line, "login").hidden = status !== "session";
}

/** Return [status, text]: `ok`, `session`, `reconnecting` or `stopped`. */
function trouble() {
  const connections = [...watched];
  const stopped = connections.find(({ state, reason }) => state === "stopped" && TEXTS[reason]);
  if (stopped) return ["stopped", TEXTS[stopped.reason]()];
  const others = [...displayedElsewhere];
  const lost = connections.find(({ state }) => state !== "open" && state !== "stopped");
  if (lost && others.every(({ state }) => state === "open")) {
    return ["reconnecting", TEXTS[lost.reason]?.() ?? gettext("Reconectando…")];
  }
  const hasEnded = ({ sessionEnded }) => sessionEnded;
  if (connections.some(hasEnded) && !others.some(hasEnded)) return ["session", ""];
  return ["ok", ""];
}
