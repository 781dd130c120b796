// The socket of a room: messages in order without a gap, and sending that survives a lost connection.
import { onReturn, reconnectDelay } from "../core/connection.js";

const QUIET_MS = 15000; // so long without a frame: ask whether somebody is there
const PROBE_MS = 5000;
const ACK_MS = 10000;
const AGAIN_MS = 3000;
const FAR = 300; // more than this was missed: the page is better read anew
const [SESSION_ENDED, UNKNOWN, FLOODED] = [4401, 4404, 4408];

/**
 * One socket of CONTRACTS' `ws/room/<pk>/`.
 *
 * Events: `state`, `room` {may, closed, present}, `said` {items}, `edited`, `deleted`, `typing`,
 * `presence`, `acked` {client_id, seq}, `refused` {client_id, code, detail, retry_after_s},
 * `problem` {id, code, detail}, `far` (too much was missed).
 */
export class RoomSocket extends EventTarget {
  constructor({ path, seq, revision, outbox }) {
    super();
    this.state = "connecting"; // open, reconnecting, stopped
    this.sessionEnded = false;
    this.isGone = false;
    this.seq = seq;
    this._revision = revision;
    this._outbox = outbox;
    this._path = path;
    this._ws = null;
    this._frameAt = 0;
    this._lostAt = null;
    this._asked = false;
    this._sentAt = new Map();
    this._timer = null;
  }

  start() {
    onReturn(() => this.wake());
    window.addEventListener("offline", () => this._turn("reconnecting"));
    setInterval(() => this._watch(), 1000);
    this._connect();
    return this;
  }

  /** Send a message of the outbox as soon as there is a connection. */
  post(entry) {
    if (this.state !== "open") return;
    this._sentAt.set(entry.client_id, Date.now());
    this._send({ type: "send", client_id: entry.client_id, body: entry.body, id: entry.client_id });
  }

  /** Send any other frame; false when there is no connection. */
  say(frame) {
    return this.state === "open" && this._send(frame);
  }

  /** Take it that everything up to `seq` is shown. */
  restartFrom(seq, revision) {
    this.seq = seq;
    this._revision = revision;
    this._resume();
  }

  wake() {
    if (this.state === "stopped") return;
    this._lostAt &&= Date.now(); // what happened while away says nothing of the network now
    if (!this._ws) this._connect();
    else this._probe(1500);
  }

  _connect() {
    clearTimeout(this._timer);
    const scheme = window.location.protocol === "https:" ? "wss:" : "ws:";
    const ws = new WebSocket(`${scheme}//${window.location.host}${this._path}`);
    this._ws = ws;
    this._frameAt = Date.now();
    this._asked = false;
    this._isNew = true;
    ws.onmessage = (event) => this._ws === ws && this._frame(event.data);
    ws.onclose = (event) => this._ws === ws && this._closed(event.code);
  }

  _closed(code) {
    this._ws = null;
    this._sentAt.clear();
    if (code === SESSION_ENDED) this.sessionEnded = true;
    if (code === UNKNOWN) this.isGone = true;
    if (code === UNKNOWN || code === FLOODED) {
      this._turn("stopped");
      return;
    }
    this._lostAt ??= Date.now();
    this._turn("reconnecting", code === SESSION_ENDED);
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this._connect(), reconnectDelay(Date.now() - this._lostAt));
  }

  _watch() {
    if (!this._ws) return;
    const now = Date.now();
    const isOverdue = [...this._sentAt.values()].some((at) => now - at > ACK_MS);
    const isSilent = now - this._frameAt > QUIET_MS + PROBE_MS;
    if (isOverdue || isSilent) this._drop();
    else if (now - this._frameAt > QUIET_MS) this._probe(PROBE_MS);
  }

  _probe(ms) {
    const [ws, asked] = [this._ws, Date.now()];
    if (this._asked || !this._send({ type: "ping" })) return;
    this._asked = true;
    setTimeout(() => {
      if (this._ws === ws && this._frameAt < asked) this._drop();
    }, ms);
  }

  _drop() {
    const ws = this._ws;
    this._ws = null;
    ws?.close();
    this._closed(0);
  }

  _turn(state, isNews = false) {
    if (this.state === state && !isNews) return;
    this.state = state;
    this._emit("state");
  }

  _frame(data) {
    this._frameAt = Date.now();
    this._asked = false;
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      return;
    }
    this[FRAMES[frame?.type]]?.(frame);
  }

  _onRoom(frame) {
    const isFirst = this._isNew;
    this._isNew = false;
    this._lostAt = null;
    this._turn("open");
    this._emit("room", frame);
    if (!isFirst) return;
    if (frame.last_seq - this.seq > FAR) this._emit("far");
    else if (frame.last_seq > this.seq || frame.revision > this._revision) this._resume();
    for (const entry of this._outbox.waiting()) this.post(entry);
  }

  _resume() {
    this._send({ type: "resume", after: this.seq, revision: this._revision });
  }

  _onMessages(frame) {
    this._take(frame.items);
    this._revision = frame.revision ?? this._revision;
    if (frame.more) this._send({ type: "resume", after: this.seq });
  }

  _onMessage(frame) {
    if (frame.seq > this.seq + 1) this._resume();
    else this._take([frame]);
  }

  _take(items) {
    const fresh = [];
    for (const item of items) {
      if (item.seq !== this.seq + 1) continue;
      this.seq = item.seq;
      fresh.push(item);
    }
    if (fresh.length) this._emit("said", { items: fresh });
  }

  _onAck(frame) {
    this._sentAt.delete(frame.client_id);
    this._outbox.remove(frame.client_id);
    this._emit("acked", frame);
  }

  _onError(frame) {
    const entry = this._outbox.find(frame.id);
    if (!entry) {
      this._emit("problem", frame);
      return;
    }
    this._sentAt.delete(entry.client_id);
    const waitMs = this._waitMs(frame);
    if (waitMs === null) this._outbox.fail(entry.client_id);
    else setTimeout(() => this._outbox.find(entry.client_id) && this.post(entry), waitMs);
    this._emit("refused", { ...frame, client_id: entry.client_id, isFinal: waitMs === null });
  }

  /** Return after which pause a refused message may pass, null when it never will. */
  _waitMs({ code, retry_after_s: seconds }) {
    if (code === "rate_limited") return (seconds ?? 1) * 1000 + 100;
    return code === "unavailable" || code === "internal" ? AGAIN_MS : null;
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

const passed = {};
for (const type of ["edited", "deleted", "typing", "presence"]) {
  const name = `_pass_${type}`;
  RoomSocket.prototype[name] = function pass(frame) {
    this._emit(type, frame);
  };
  passed[type] = name;
}

const FRAMES = {
  ...passed,
  room: "_onRoom",
  messages: "_onMessages",
  message: "_onMessage",
  ack: "_onAck",
  error: "_onError",
};
