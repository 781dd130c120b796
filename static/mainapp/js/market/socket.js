// The stock socket: keeps the newest quotes, knows how old they are, comes back by itself.
import { clockOffset, mergeQuotes, onReturn, reconnectDelay, socketUrl } from "../core/connection.js";

const SILENCE_MS = 2600; // heartbeats come every 2 s; with a watch every 0.2 s this is told within 3 s
const DEAD_MS = 8000; // silent for this long: the connection is given up
const CONNECT_MS = 8000;
const PROBE_MS = 1500;
const SESSION_ENDED = 4401;
const FLOODED = 4408;

/**
 * One socket of CONTRACTS' `ws/stock/<room>/`.
 *
 * Events: `quotes` {changes}, `status`, `pending`, `unknown` {symbols}, `left` {symbols},
 * `problem` {code, detail, …}, `message` {user, message, sent_at}; in the room `home` also `ranking`
 * {traded, gainers, losers, quotes}.
 */
export class StockSocket extends EventTarget {
  constructor({ room = "track", symbols = [], url = null }) {
    super();
    this.quotes = new Map();
    this.symbols = new Set(symbols);
    this.pending = new Set();
    this.session = null;
    this.source = null;
    this.simulated = null;
    this.limit = null;
    this.connection = "connecting";
    this.feed = "stale";
    this.reason = "connecting";
    this.sessionEnded = false;
    this.epoch = null;
    this.seq = null;
    this.liveAt = null;
    this._base = url ?? socketUrl(room);
    this._ws = null;
    this._offset = null;
    this._frameAt = 0;
    this._lostAt = null;
    this._timer = null;
    this._asked = new Set();
    this._lastId = 0;
  }

  start() {
    onReturn(() => this.wake());
    window.addEventListener("offline", () => this._turnStale("offline"));
    window.addEventListener("pagehide", () => this._drop("closed"));
    setInterval(() => this._watch(), 200);
    this._connect();
    return this;
  }

  /** Return the server's time in epoch milliseconds. */
  now() {
    return Date.now() + (this._offset ?? 0);
  }

  /** Return how long ago the last batch of prices came, null when none ever did. */
  staleMs() {
    return this.liveAt === null ? null : Math.max(0, this.now() - this.liveAt);
  }

  subscribe(symbols) {
    const added = symbols.filter((symbol) => !this.symbols.has(symbol));
    for (const symbol of added) this.symbols.add(symbol);
    if (added.length) this._send({ type: "subscribe", symbols: added, id: this._nextId(added) });
  }

  unsubscribe(symbols) {
    for (const symbol of symbols) this._forget(symbol);
    this._send({ type: "unsubscribe", symbols });
  }

  /** Send a message to the room; false when there is no connection. */
  say(text) {
    return this._send({ type: "message", message: text, id: "say" });
  }

  /** Make sure of the connection now: called when the network or the tab comes back. */
  wake() {
    if (this.connection === "stopped") return;
    this._lostAt &&= Date.now(); // what happened while away says nothing of the network now
    if (!this._ws) {
      this._connect();
      return;
    }
    if (this._ws.readyState !== WebSocket.OPEN || this._silence() < SILENCE_MS) return;
    if (this._silence() > DEAD_MS) {
      this._drop("silent");
      this._connect();
      return;
    }
    this._turnStale("silent");
    const asked = Date.now();
    this._send({ type: "resume", epoch: this.epoch, seq: this.seq });
    const probed = this._ws;
    setTimeout(() => {
      if (this._ws === probed && this._frameAt < asked) this._reconnect();
    }, PROBE_MS);
  }

  _connect() {
    clearTimeout(this._timer);
    this._timer = null;
    const url = new URL(this._base);
    for (const symbol of this.symbols) url.searchParams.append("stockpicker", symbol);
    if (this.epoch !== null && this.seq !== null) {
      url.searchParams.set("epoch", this.epoch);
      url.searchParams.set("seq", this.seq);
    }
    this._asked = new Set(this.symbols);
    const ws = new WebSocket(url);
    this._ws = ws;
    this._frameAt = Date.now();
    ws.onopen = () => this._opened(ws);
    ws.onmessage = (event) => this._ws === ws && this._frame(event.data);
    ws.onclose = (event) => this._ws === ws && this._closed(event.code);
    setTimeout(() => {
      if (this._ws === ws && ws.readyState === WebSocket.CONNECTING) this._reconnect();
    }, CONNECT_MS);
  }

  _opened(ws) {
    if (this._ws !== ws) return;
    this._frameAt = Date.now();
    this.connection = "open";
    const late = [...this.symbols].filter((symbol) => !this._asked.has(symbol));
    const gone = [...this._asked].filter((symbol) => !this.symbols.has(symbol));
    if (late.length) this._send({ type: "subscribe", symbols: late, id: this._nextId(late) });
    if (gone.length) this._send({ type: "unsubscribe", symbols: gone });
  }

  _closed(code) {
    this._ws = null;
    if (code === FLOODED) {
      this.connection = "stopped";
      this._turnStale("flooded", true);
      return;
    }
    if (code === SESSION_ENDED) {
      this.sessionEnded = true;
      this._limitBefore = this.limit;
    }
    this._scheduleReconnect(code === SESSION_ENDED ? "session" : "closed");
  }

  _reconnect() {
    this._drop("silent");
    this._scheduleReconnect("silent");
  }

  /** Forget the connection without waiting for a dead peer's answer. */
  _drop(reason) {
    const ws = this._ws;
    this._ws = null;
    ws?.close();
    if (ws) this._turnStale(reason);
  }

  _scheduleReconnect(reason) {
    this._lostAt ??= Date.now();
    this.connection = "reconnecting";
    this._turnStale(navigator.onLine === false ? "offline" : reason, true);
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this._connect(), reconnectDelay(Date.now() - this._lostAt));
  }

  _watch() {
    if (this._ws?.readyState !== WebSocket.OPEN) return;
    if (this._silence() > DEAD_MS) this._reconnect();
    else if (this._silence() > SILENCE_MS) this._turnStale("silent");
  }

  _silence() {
    return Date.now() - this._frameAt;
  }

  _frame(data) {
    this._frameAt = Date.now();
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      return;
    }
    if (frame?.type === "message") this._emit("message", frame);
    else this[FRAMES[frame?.type]]?.(frame);
  }

  _onSnapshot(frame) {
    this._lostAt = null;
    this.connection = "open";
    if (frame.epoch !== undefined) this.epoch = frame.epoch;
    if (frame.seq !== undefined) this.seq = frame.seq;
    for (const key of ["source", "simulated", "limit"]) {
      if (frame[key] !== undefined) this[key] = frame[key];
    }
    // As much as before the session ended: another tab logged in again.
    if (this.sessionEnded && this.limit >= this._limitBefore) this.sessionEnded = false;
    this._setPending(frame);
    this._emitQuotes(frame);
    this._head({ batch_at: null, ...frame });
    if (frame.unknown?.length) {
      for (const symbol of frame.unknown) this._forget(symbol);
      this._emit("unknown", { symbols: frame.unknown });
    }
  }

  _onUpdate(frame) {
    if (frame.seq !== undefined) this.seq = frame.seq;
    this._emitQuotes(frame);
    this._head({ ...frame, feed: frame.feed ?? "live" });
  }

  _onRanking(frame) {
    this._emit("ranking", frame);
    if (frame.seq > this.seq) this._head({ feed: "live" }); // a batch that the snapshot did not hold
  }

  _onUnsubscribed(frame) {
    for (const symbol of frame.symbols ?? []) this._forget(symbol);
    this._emit("left", { symbols: frame.symbols ?? [] });
  }

  _onError(frame) {
    const refused = this._refusals?.get(frame.id);
    if (frame.code === "too_many_symbols" && refused) refused.forEach((s) => this._forget(s));
    this._emit("problem", { ...frame, refused: refused ?? [] });
  }

  /** Take a frame's clock, session and feed. */
  _head(frame) {
    if (frame.server_time) {
      this._offset = clockOffset(this._offset, Date.parse(frame.server_time) - Date.now());
    }
    const before = this.session;
    if (frame.session !== undefined) this.session = frame.session;
    if (frame.feed === "live") this._turnLive(frame.batch_at, before !== this.session);
    else if (frame.feed !== undefined) {
      if (this.liveAt === null && frame.batch_at) this.liveAt = Date.parse(frame.batch_at);
      this._turnStale(frame.feed, before !== this.session);
    }
  }

  /** Prices are as old as the last batch, whose time a frame names unless it brings one (undefined). */
  _turnLive(batchAt, changed) {
    const at = batchAt === undefined ? this.now() : Date.parse(batchAt) || (this.liveAt ?? this.now());
    this.liveAt = Math.max(this.liveAt ?? 0, at);
    if (this.feed === "live" && !changed) return;
    this.feed = "live";
    this.reason = null;
    this._emit("status");
  }

  _turnStale(reason, changed = false) {
    if (this.feed === "stale" && this.reason === reason && !changed) return;
    this.feed = "stale";
    this.reason = reason;
    this._emit("status");
  }

  _setPending(frame) {
    for (const symbol of frame.pending ?? []) this.pending.add(symbol);
    if (frame.pending?.length) this._emit("pending", { symbols: frame.pending });
  }

  _emitQuotes(frame) {
    for (const symbol of Object.keys(frame.quotes ?? {})) this.pending.delete(symbol);
    const changes = mergeQuotes(this.quotes, frame, this.symbols);
    if (changes.size) this._emit("quotes", { changes, snapshot: frame.type === "snapshot" });
  }

  _forget(symbol) {
    this.symbols.delete(symbol);
    this.quotes.delete(symbol);
    this.pending.delete(symbol);
  }

  /** Remember what a subscription asked for, so that its refusal can be undone. */
  _nextId(symbols) {
    const id = `s${++this._lastId}`;
    (this._refusals ??= new Map()).set(id, symbols);
    return id;
  }

  _send(frame) {
    if (this._ws?.readyState !== WebSocket.OPEN) return false;
    this._ws.send(JSON.stringify(frame));
    return true;
  }

  _emit(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

const FRAMES = {
  snapshot: "_onSnapshot",
  update: "_onUpdate",
  heartbeat: "_head",
  ranking: "_onRanking",
  unsubscribed: "_onUnsubscribed",
  error: "_onError",
};
