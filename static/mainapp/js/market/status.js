// The bar that says in which state the session and the feed are: `_market_status.html`.
import { age, day } from "../core/number.js";
import { gettext, sourceName } from "./quotes.js";

const CONNECTING_MS = 2500;

const SESSIONS = {
  open: () => gettext("Mercado aberto"),
  pre_open: () => gettext("Pré-abertura"),
  closing_call: () => gettext("Call de fechamento"),
  after_market: () => gettext("After-market"),
};
const REASONS = {
  late: () => gettext("a fonte está atrasada"),
  down: () => gettext("as cotações pararam de chegar ao servidor"),
  silent: () => gettext("o servidor não responde"),
  closed: () => gettext("reconectando"),
  connecting: () => gettext("conectando"),
  session: () => gettext("sua sessão terminou"),
  offline: () => gettext("você está sem internet"),
  flooded: () => gettext("o servidor encerrou a conexão; recarregue a página"),
};

/** Keep `bar` in step with `socket`; `onFeed(isStale)` is told when prices age or are new again. */
export function attachStatus(bar, socket, onFeed = () => {}) {
  const session = bar.querySelector(".badge-session");
  const [feed, source, login, live] = ["feed", "source", "login", "live"].map((name) =>
    bar.querySelector(`[data-part="${name}"]`),
  );
  const startedAt = Date.now();
  let shown = null;
  socket.liveAt ??= Date.parse(bar.dataset.newestAt) || null;

  function sessionText() {
    if (socket.session === null) return session.textContent.trim();
    if (SESSIONS[socket.session]) return SESSIONS[socket.session]();
    return gettext("Fechamento de %(day)s", { day: closeDay() });
  }

  function closeDay() {
    const times = [...socket.quotes.values()].map((quote) => Date.parse(quote.quoted_at));
    const newest = Math.max(...times.filter((time) => !Number.isNaN(time)));
    return Number.isFinite(newest) ? day(newest) : bar.dataset.lastClose;
  }

  function staleText() {
    const reason = REASONS[socket.reason]?.() ?? socket.reason;
    const ms = socket.staleMs();
    if (ms === null) return gettext("Desatualizado: %(reason)s", { reason });
    return gettext("Desatualizado %(age)s: %(reason)s", { age: age(Math.max(1, ms / 1000)), reason });
  }

  function state() {
    if (socket.feed === "live") return "live";
    const young = socket.reason === "connecting" && Date.now() - startedAt < CONNECTING_MS;
    if (young) return "connecting";
    return socket.reason === "late" ? "late" : "down";
  }

  function feedText(now) {
    if (now === "connecting") return gettext("Conectando…");
    if (now !== "live") return staleText();
    return socket.session === "closed" ? gettext("Conectado") : gettext("Ao vivo");
  }

  function render() {
    const now = state();
    setText(session, sessionText());
    if (socket.session) session.dataset.session = socket.session;
    feed.dataset.feed = now;
    setText(feed, feedText(now));
    if (socket.source) {
      setText(source, gettext("Fonte: %(source)s", { source: sourceName(socket.source) }));
    }
    showLogin(socket.sessionEnded);
    const isStale = now !== "live";
    if (shown === now) return;
    if (shown !== null) setText(live, feedText(now));
    shown = now;
    onFeed(isStale && now !== "connecting");
  }

  /** Offer the log-in after a session ended: prices go on coming, as to any visitor. */
  function showLogin(hasEnded) {
    if (login.hidden !== hasEnded) return;
    login.hidden = !hasEnded;
    if (hasEnded) setText(live, login.textContent);
  }

  socket.addEventListener("status", render);
  setInterval(render, 1000);
  document.addEventListener("visibilitychange", render);
  render();
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
