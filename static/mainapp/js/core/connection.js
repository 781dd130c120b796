// A WebSocket that reconnects automatically: the connection of prices, rooms and notifications.

const MIN_DELAY_MS = 500;
const MAX_DELAY_MS = 15_000;
const RESTART_SPREAD_MS = 2_000; // after 1012 all clients reconnect at once
const CONNECT_MS = 8_000;
const STABLE_MS = 5_000; // shorter connections do not reset the back-off
const WAKE_PROBE_MS = 1_500;
const RECENT_MS = 3_000; // a frame this young proves enough
const WATCH_MS = 1_000; // for sleeps and clocks that were set; a silence is noticed as soon as it is due
const MIN_WATCH_MS = 50;
const LATE_MS = 5_000; // a timer this late: the computer slept or the tab was frozen
const CLOCK_JUMP_MS = 2_000;

const SERVICE_RESTART = 1012;
const SESSION_ENDED = 4401;
const FORBIDDEN = 4403;
const UNKNOWN_PATH = 4404;
const FLOODED = 4408;
const FINAL = { [FORBIDDEN]: "forbidden", [UNKNOWN_PATH]: "gone", [FLOODED]: "flooded" };

/** Return the pause before the next attempt: full jitter under a ceiling that grows with the outage. */
export function reconnectDelay(outageMs, { floorMs = 2 * MIN_DELAY_MS, random = Math.random } = {}) {
  const ceiling = Math.min(MAX_DELAY_MS, Math.max(floorMs, outageMs / 2));
  return MIN_DELAY_MS + random() * (ceiling - MIN_DELAY_MS);
}

/** Return the WebSocket address of a path of this site. */
export function socketUrl(path) {
  const scheme = window.location.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${window.location.host}${path}`;
}

/**
 * A WebSocket with back-off, probes and sleep detection; see CONTRACTS §1 for frames and close codes.
 *
 * `url()` is called for each attempt. After `silenceMs` without a frame a `ping` is sent; without an
 * answer within `probeMs` the connection counts as dead, although the browser still shows it open (the
 * peer vanished without closing). `isAlive(frame)` returns whether a frame ends a silence: the price
 * service must send heartbeats, so a `pong` shows only that the connection works, not that prices arrive.
 * Time is measured by performance.now(): Date.now() jumps when the clock is set.
 *
 * `state`: `connecting`, `open`, `offline` (the browser lost the network; the connection may survive),
 * `reconnecting`, `stopped`. `reason` is why it is not open: `connecting`, `silent`, `closed`,
 * `offline`, `session`, `forbidden`, `gone`, `flooded`.
 *
 * Events: `state`; `opened` (frames can be sent); `frame` {frame}; `silence`; `wake` (after a sleep, a
 * probe was sent); `lost` (the connection is gone).
 */
export class Connection extends EventTarget {
  constructor({ url, silenceMs, probeMs, needsLogin = false, isAlive = () => true }) {
    super();
    this.state = "connecting";
    this.reason = "connecting";
    this.sessionEnded = false;
    this._url = url;
    this._silenceMs = silenceMs;
    this._probeMs = probeMs;
    this._needsLogin = needsLogin;
    this._isAlive = isAlive;
    this._ws = null;
    this._probe = null;
    this._frameAt = 0;
    this._aliveAt = null; // of this attempt's first frame
    this._lostAt = null;
    this._retryTimer = null;
    this._isPaused = false;
  }

  start() {
    listenForReturns(() => this.wake());
    window.addEventListener("offline", () => this._goOffline());
    // A page with an open socket is not kept in the back/forward cache.
    window.addEventListener("pagehide", () => this._pause());
    this._watchedAt = performance.now();
    this._clockOffset = Date.now() - this._watchedAt;
    setTimeout(() => this._watch(), WATCH_MS);
    this._connect();
    return this;
  }

  /** Send a frame; false when there is no connection. */
  send(frame) {
    if (this._ws?.readyState !== WebSocket.OPEN) return false;
    this._ws.send(JSON.stringify(frame));
    return true;
  }

  /** Clear `sessionEnded`: a frame showed that the reader logged in again in another tab. */
  confirmSession() {
    if (!this.sessionEnded) return;
    this.sessionEnded = false;
    this._emit("state");
  }

  /** Drop the connection and open a new one after a pause. */
  restart(reason = "silent") {
    if (!this._ws) return;
    this._drop();
    this._scheduleReconnect(reason);
  }

  /** Check the connection now: the network, the tab or the computer is back. */
  wake() {
    if (this.state === "stopped") return;
    this._isPaused = false;
    if (this._lostAt !== null) this._lostAt = performance.now(); // the back-off starts again
    if (!this._ws) {
      this._connect();
      return;
    }
    if (this._ws.readyState !== WebSocket.OPEN) return;
    if (this.state === "open" && this._silence() < Math.min(RECENT_MS, this._silenceMs)) return;
    // Frames may be queued behind this event, so the silence is counted from now.
    this._frameAt = Math.max(this._frameAt, performance.now() - this._silenceMs);
    this._sendProbe(WAKE_PROBE_MS);
    this._emit("wake");
  }

  // Opening and closing ----------------------------------------------------------------------------

  _connect() {
    clearTimeout(this._retryTimer);
    const ws = new WebSocket(this._url());
    this._ws = ws;
    this._probe = null;
    this._aliveAt = null;
    this._frameAt = performance.now();
    ws.onopen = () => this._ws === ws && this._onOpen();
    ws.onmessage = ({ data }) => this._ws === ws && this._onMessage(data);
    ws.onclose = ({ code }) => this._ws === ws && this._onClose(code);
    setTimeout(() => {
      if (this._ws !== ws || ws.readyState !== WebSocket.CONNECTING) return;
      this.restart();
      ws.close(); // until then it blocks the next one: browsers connect one WebSocket per host at a time
    }, CONNECT_MS);
  }

  _onOpen() {
    this._frameAt = performance.now();
    this._emit("opened");
  }

  _onMessage(data) {
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      return;
    }
    this._probe = null;
    if (this._isAlive(frame)) this._markAlive();
    this._emit("frame", { frame });
  }

  _markAlive() {
    this._frameAt = performance.now();
    this._aliveAt ??= this._frameAt;
    this._setState("open", null);
  }

  _onClose(code) {
    this._forget();
    if (code === SESSION_ENDED) this.sessionEnded = true;
    const final = FINAL[code] ?? (code === SESSION_ENDED && this._needsLogin ? "session" : null);
    if (final) this._setState("stopped", final, true);
    else this._scheduleReconnect(code === SESSION_ENDED ? "session" : "closed", code);
  }

  _scheduleReconnect(reason, code = null) {
    this._setState("reconnecting", navigator.onLine === false ? "offline" : reason, reason === "session");
    const floorMs = code === SERVICE_RESTART ? RESTART_SPREAD_MS : undefined;
    clearTimeout(this._retryTimer);
    const delayMs = reconnectDelay(performance.now() - this._lostAt, { floorMs });
    this._retryTimer = setTimeout(() => this._connect(), delayMs);
  }

  /** Forget the connection without waiting for a dead peer's answer. */
  _drop() {
    const ws = this._ws;
    if (!ws) return;
    this._forget();
    // Chromium reports a socket that is closed before it is open as an error on the console.
    if (ws.readyState === WebSocket.CONNECTING) ws.onopen = () => ws.close();
    else ws.close();
  }

  _forget() {
    const now = performance.now();
    this._ws = null;
    this._probe = null;
    if (this._aliveAt !== null && now - this._aliveAt > STABLE_MS) this._lostAt = now;
    this._lostAt ??= now;
    this._emit("lost");
  }

  _pause() {
    this._isPaused = true;
    clearTimeout(this._retryTimer);
    this._drop();
    if (this.state !== "stopped") this._setState("reconnecting", "closed");
  }

  _goOffline() {
    if (this.state === "stopped" || this._isPaused) return;
    this._setState(this._ws ? "offline" : "reconnecting", "offline");
    // The server may be this very computer, which needs no network.
    this._sendProbe(WAKE_PROBE_MS);
  }

  // Silence ----------------------------------------------------------------------------------------

  _watch() {
    this._check();
    setTimeout(() => this._watch(), this._watchDelay());
  }

  _check() {
    const now = performance.now();
    const isLate = now - this._watchedAt > LATE_MS;
    const clockOffset = Date.now() - now;
    // performance.now() may stand still while the computer sleeps; Date.now() does not.
    const hasJumped = Math.abs(clockOffset - this._clockOffset) > CLOCK_JUMP_MS;
    this._watchedAt = now;
    this._clockOffset = clockOffset;
    if (this._isPaused || this.state === "stopped") return;
    if (isLate || hasJumped) this._probeAnew();
    else if (this._ws?.readyState === WebSocket.OPEN) this._checkSilence(now);
  }

  /** Return the pause before the next check: until a probe or the silence is due, a second at most. */
  _watchDelay() {
    if (this._ws?.readyState !== WebSocket.OPEN) return WATCH_MS;
    const dueAt = this._probe?.until ?? this._frameAt + this._silenceMs;
    return Math.min(Math.max(dueAt - performance.now() + 1, MIN_WATCH_MS), WATCH_MS);
  }

  _checkSilence(now) {
    const isDead = this._silence() > this._silenceMs + this._probeMs;
    if (isDead || now > this._probe?.until) this.restart();
    else if (!this._probe && this._silence() > this._silenceMs) {
      this._emit("silence");
      this._sendProbe(this._probeMs);
    }
  }

  /**
   * Probe after a sleep. An older probe's time passed while nothing could answer, so it is repeated; only
   * once: a hidden tab's timers may run once a minute, and each run looks like a sleep.
   */
  _probeAnew() {
    const unanswered = this._probe;
    if (unanswered?.isSecond) {
      this.restart();
      return;
    }
    this._probe = null;
    this.wake();
    if (unanswered && this._probe) this._probe.isSecond = true;
  }

  /** Request a `pong` within `boundMs`; the earlier of two deadlines counts. */
  _sendProbe(boundMs) {
    const until = performance.now() + boundMs;
    if (this._probe) this._probe.until = Math.min(this._probe.until, until);
    else if (this.send({ type: "ping" })) this._probe = { until };
  }

  _silence() {
    return performance.now() - this._frameAt;
  }

  _setState(state, reason, force = false) {
    if (this.state === state && this.reason === reason && !force) return;
    this.state = state;
    this.reason = reason;
    this._emit("state");
  }

  _emit(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** Call `listener` when the network, the tab or the page is back. */
function listenForReturns(listener) {
  window.addEventListener("online", listener);
  window.addEventListener("pageshow", (event) => event.persisted && listener());
  document.addEventListener("resume", listener);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") listener();
  });
}
