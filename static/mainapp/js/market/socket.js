// The newest quotes of a page, updated by the socket of CONTRACTS §2, `ws/stock/<room>/`.
import { addServerTime, serverNow } from "../core/clock.js";
import { Connection, socketUrl } from "../core/connection.js";
import { mergeQuotes } from "./quotes.js";

const SILENCE_MS = 2600; // the server sends a heartbeat after 2 s without another frame
const PROBE_MS = 5400;
const CLOCK_JUMP_MS = 10_000;
const CLOCK_CHECK_MS = 10_000;
const PROOFS = new Set(["snapshot", "update", "heartbeat", "ranking"]);

/**
 * Events: `quotes` {changes, snapshot}, `status`, `late`, `pending`, `unknown` {symbols},
 * `lists` (a list of this user changed), `problem` {code, detail, …}, `message` {user, message, sent_at}; in
 * the room `home` also `ranking` {traded, gainers, losers, quotes}.
 *
 * `feed` is `live` or `stale`, `reason` why it is stale: a reason of the connection (core/connection.js),
 * or the server's `late` or `down`. The set `late` has the symbols that the last batch did not reach.
 */
export class StockSocket extends EventTarget {
  constructor({ room = "track", symbols = [], url = null }) {
    super();
    this.quotes = new Map();
    this.symbols = new Set(symbols);
    this.pending = new Set();
    this.late = new Set();
    this.session = null;
    this.source = null;
    this.simulated = null;
    this.limit = null;
    this.feed = "stale";
    this.reason = "connecting";
    this.epoch = null;
    this.seq = null;
    this._liveAt = null; // of performance.now()
    this._baseUrl = () => url ?? socketUrl(`/ws/stock/${room}/`);
    this._requested = new Set();
    this._subscriptions = new Map();
    this._lastId = 0;
    this._limitBefore = null;
    this._clockCheckedAt = -Infinity;
    this._isClockDoubtful = false;
    this.connection = new Connection({
      url: () => this._url(),
      silenceMs: SILENCE_MS,
      probeMs: PROBE_MS,
      isAlive: (frame) => PROOFS.has(frame?.type),
    });
    this.connection.addEventListener("opened", () => this._sendMissedChanges());
    this.connection.addEventListener("frame", ({ detail }) => this._onFrame(detail.frame));
    this.connection.addEventListener("silence", () => this._setStale("silent"));
    this.connection.addEventListener("wake", () => this._onWake());
    this.connection.addEventListener("state", () => this._onState());
  }

  get sessionEnded() {
    return this.connection.sessionEnded;
  }

  start() {
    this.connection.start();
    return this;
  }

  /** Return the server's time in epoch milliseconds, null while it is unknown. */
  now() {
    return serverNow();
  }

  /** Return how long ago the last batch of prices came, null when none ever did. */
  staleMs() {
    return this._liveAt === null ? null : performance.now() - this._liveAt;
  }

  /** Set the age of the prices that the page was rendered with, unless a frame gave a newer one. */
  setRenderedBatch(batchAt) {
    this._liveAt ??= this._localTime(Date.parse(batchAt));
  }

  subscribe(symbols) {
    const added = symbols.filter((symbol) => !this.symbols.has(symbol));
    for (const symbol of added) this.symbols.add(symbol);
    if (added.length) this._sendSubscribe(added);
  }

  unsubscribe(symbols) {
    for (const symbol of symbols) this._forget(symbol);
    this.connection.send({ type: "unsubscribe", symbols });
  }

  /** Send a message to the room; false when there is no connection. */
  sendMessage(text) {
    return this.connection.send({ type: "message", message: text, id: "message" });
  }

  // The connection ---------------------------------------------------------------------------------

  _url() {
    const url = new URL(this._baseUrl());
    for (const symbol of this.symbols) url.searchParams.append("stockpicker", symbol);
    if (this.epoch !== null && this.seq !== null) {
      url.searchParams.set("epoch", this.epoch);
      url.searchParams.set("seq", this.seq);
    }
    this._requested = new Set(this.symbols);
    return url;
  }

  /** Send the changes to the list that were made after the address was. */
  _sendMissedChanges() {
    const added = [...this.symbols].filter((symbol) => !this._requested.has(symbol));
    const removed = [...this._requested].filter((symbol) => !this.symbols.has(symbol));
    if (added.length) this._sendSubscribe(added);
    if (removed.length) this.connection.send({ type: "unsubscribe", symbols: removed });
  }

  _onState() {
    const { state, reason } = this.connection;
    if (reason === "session") this._limitBefore = this.limit;
    if (state !== "open") this._setStale(reason, true);
  }

  _onWake() {
    this._setStale("silent");
    this._resume();
  }

  _resume() {
    if (this.epoch !== null) this.connection.send({ type: "resume", epoch: this.epoch, seq: this.seq });
  }

  /** Remember the symbols of a subscription, so that its refusal can be undone. */
  _sendSubscribe(symbols) {
    const id = `s${++this._lastId}`;
    this._subscriptions.set(id, symbols);
    this.connection.send({ type: "subscribe", symbols, id });
  }

  // Frames -----------------------------------------------------------------------------------------

  _onFrame(frame) {
    if (frame?.type === "message" || frame?.type === "lists") this._emit(frame.type, frame);
    else this[HANDLERS[frame?.type]]?.(frame);
  }

  _onSnapshot(frame) {
    if (frame.epoch !== undefined) this.epoch = frame.epoch;
    if (frame.seq !== undefined) this.seq = frame.seq;
    for (const key of ["source", "simulated", "limit"]) {
      if (frame[key] !== undefined) this[key] = frame[key];
    }
    // The limit has its value from before the session ended: another tab logged in again.
    if (this.sessionEnded && this.limit >= this._limitBefore) this.connection.confirmSession();
    for (const symbol of frame.pending ?? []) this.pending.add(symbol);
    if (frame.pending?.length) this._emit("pending", { symbols: frame.pending });
    this._emitQuotes(frame);
    this._updateStatus({ batch_at: null, ...frame });
    if (frame.unknown?.length) {
      for (const symbol of frame.unknown) this._forget(symbol);
      this._emit("unknown", { symbols: frame.unknown });
    }
  }

  _onUpdate(frame) {
    if (frame.seq !== undefined) this.seq = frame.seq;
    this._emitQuotes(frame);
    this._updateStatus({ ...frame, feed: frame.feed ?? "live" });
  }

  _onRanking(frame) {
    this._emit("ranking", frame);
    if (frame.seq > this.seq) this._updateStatus({ feed: "live" }); // a batch that the snapshot did not hold
  }

  _onUnsubscribed(frame) {
    for (const symbol of frame.symbols ?? []) this._forget(symbol);
  }

  _onError(frame) {
    const refused = this._subscriptions.get(frame.id) ?? [];
    if (frame.code === "too_many_symbols") refused.forEach((symbol) => this._forget(symbol));
    this._emit("problem", { ...frame, refused });
  }

  /** Read a frame's clock, session, feed and late symbols. */
  _updateStatus(frame) {
    this._updateLate(frame);
    if (frame.server_time) addServerTime(Date.parse(frame.server_time));
    const hasChanged = frame.session !== undefined && frame.session !== this.session;
    if (hasChanged) this.session = frame.session;
    if (frame.feed === "live") this._setLive(frame.batch_at, hasChanged);
    else if (frame.feed !== undefined) {
      this._liveAt ??= this._localTime(Date.parse(frame.batch_at));
      this._setStale(frame.feed, hasChanged);
    }
  }

  /**
   * Update the late symbols: a heartbeat names all of them, other frames only those among their own. A snapshot is
   * always announced: the page may still show the late ones of the time it was made.
   */
  _updateLate({ type, quotes = {}, late = [] }) {
    const now = new Set(type === "heartbeat" ? [] : this.late);
    for (const symbol of Object.keys(quotes)) now.delete(symbol);
    for (const symbol of late) now.add(symbol);
    const isSame = now.size === this.late.size && late.every((symbol) => this.late.has(symbol));
    if (isSame && type !== "snapshot") return;
    this.late = now;
    this._emit("late");
  }

  /** Prices are as old as the last batch: `batchAt`, or now when the frame itself is one (undefined). */
  _setLive(batchAt, hasChanged) {
    const batch = batchAt === undefined ? null : this._localTime(Date.parse(batchAt));
    const at = batch ?? (batchAt === undefined ? performance.now() : (this._liveAt ?? performance.now()));
    this._liveAt = Math.max(this._liveAt ?? at, at);
    if (this.feed === "live" && !hasChanged) return;
    this.feed = "live";
    this.reason = null;
    this._emit("status");
  }

  _setStale(reason, hasChanged = false) {
    if (this.feed === "stale" && this.reason === reason && !hasChanged) return;
    this.feed = "stale";
    this.reason = reason;
    this._emit("status");
  }

  /** Return a time of the server by performance.now(), never in the future; null when it is unknown. */
  _localTime(serverMs) {
    const now = serverNow();
    if (now === null || Number.isNaN(serverMs)) return null;
    return performance.now() - Math.max(0, now - serverMs);
  }

  _emitQuotes(frame) {
    for (const symbol of Object.keys(frame.quotes ?? {})) this.pending.delete(symbol);
    const changes = mergeQuotes(this.quotes, frame, this.symbols);
    if (!changes.size) return;
    if (frame.type === "update") this._checkClock(changes);
    this._emit("quotes", { changes, snapshot: frame.type === "snapshot" });
  }

  /**
   * Request the server's time when quotes jump into the past or the future: its clock was set. Updates do
   * not contain it, and heartbeats are sent only when there are no updates. A jump soon after a check is
   * remembered, because only the first quote after it differs from the one before.
   */
  _checkClock(changes) {
    const now = performance.now();
    let newest = ""; // UTC times of one format sort as texts
    for (const [symbol, before] of changes) {
      const at = this.quotes.get(symbol).quoted_at ?? "";
      if (at > newest) newest = at;
      if (before.quoted_at > at && Date.parse(before.quoted_at) - Date.parse(at) > CLOCK_JUMP_MS) {
        this._isClockDoubtful = true;
      }
    }
    this._isClockDoubtful ||= Date.parse(newest) - serverNow() > CLOCK_JUMP_MS;
    if (!this._isClockDoubtful || now - this._clockCheckedAt < CLOCK_CHECK_MS) return;
    this._isClockDoubtful = false;
    this._clockCheckedAt = now;
    this._resume();
  }

  _forget(symbol) {
    this.symbols.delete(symbol);
    this.quotes.delete(symbol);
    this.pending.delete(symbol);
    this.late.delete(symbol);
  }

  _emit(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

const HANDLERS = {
  snapshot: "_onSnapshot",
  update: "_onUpdate",
  heartbeat: "_updateStatus",
  ranking: "_onRanking",
  unsubscribed: "_onUnsubscribed",
  error: "_onError",
};
