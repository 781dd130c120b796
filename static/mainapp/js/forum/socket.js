// The messages of a room: in order, without gaps, and sent once although connections are lost.
import { Connection, socketUrl } from "../core/connection.js";

const SILENCE_MS = 10_000; // then a ping is sent: a room may be quiet
const PROBE_MS = 4_000;
const ACK_MS = 10_000;
const RETRY_MS = 3_000;
const MAX_MISSED = 300; // above this, the page's list is reloaded
const FORWARDED = new Set(["edited", "deleted", "reacted", "read", "typing", "presence"]);

/**
 * One socket of CONTRACTS' `ws/room/<pk>/`.
 *
 * `seq` is the number of the last message shown; `outbox` holds the messages to send. Each is sent once per
 * connection until it is acknowledged; the server drops a `client_id` that it knows.
 *
 * Events: `state` (of the connection), `room` {may, closed, present}, `messages` {items}, `edited`,
 * `deleted`, `reacted`, `read`, `typing`, `presence`, `acked` {client_id, seq}, `refused` {client_id, code, detail,
 * retry_after_s}, `problem` {id, code, detail}, `missed` (too many messages were missed).
 */
export class RoomSocket extends EventTarget {
  constructor({ path, seq, revision, outbox }) {
    super();
    this.seq = seq;
    this._revision = revision;
    this._outbox = outbox;
    this._sent = new Map(); // client_id → timer of its acknowledgement, on this connection
    this._isGreeted = false; // the connection's first `room` frame came
    this.connection = new Connection({
      url: () => socketUrl(path),
      silenceMs: SILENCE_MS,
      probeMs: PROBE_MS,
    });
    this.connection.addEventListener("frame", ({ detail }) => this._onFrame(detail.frame));
    this.connection.addEventListener("lost", () => this._onLost());
    this.connection.addEventListener("state", () => this._onState());
  }

  get isOpen() {
    return this.connection.state === "open" && this._isGreeted;
  }

  get sessionEnded() {
    return this.connection.sessionEnded;
  }

  start() {
    this.connection.start();
    return this;
  }

  /** Send a message of the outbox now, or as soon as there is a connection. */
  post(entry) {
    const id = entry.client_id;
    if (!this.isOpen || this._sent.has(id)) return;
    const { body, kind, content, reply_to } = entry; // JSON leaves out what is undefined
    if (!this.connection.send({ type: "send", client_id: id, body, kind, content, reply_to, id })) return;
    // The browser may show a dead connection as open.
    this._sent.set(id, setTimeout(() => this.connection.restart(), ACK_MS));
  }

  /** Send any other frame; false when there is no connection. */
  send(frame) {
    return this.isOpen && this.connection.send(frame);
  }

  /** Continue after the list was reloaded: everything up to `seq` is shown. */
  restartFrom(seq, revision) {
    this.seq = seq;
    this._revision = revision;
    this._resume();
  }

  _onLost() {
    this._isGreeted = false;
    for (const timer of this._sent.values()) clearTimeout(timer);
    this._sent.clear();
  }

  _onState() {
    this._emit("state");
    this._postWaiting();
  }

  _postWaiting() {
    for (const entry of this._outbox.waiting()) this.post(entry);
  }

  _onFrame(frame) {
    if (FORWARDED.has(frame?.type)) this._emit(frame.type, frame);
    else this[HANDLERS[frame?.type]]?.(frame);
  }

  _onRoom(frame) {
    const isFirst = !this._isGreeted;
    this._isGreeted = true;
    if (frame.may.includes("send")) this.connection.confirmSession();
    this._emit("room", frame);
    if (!isFirst) return;
    if (frame.last_seq - this.seq > MAX_MISSED) this._emit("missed");
    else if (frame.last_seq > this.seq || frame.revision > this._revision) this._resume();
    this._emit("state");
    this._postWaiting();
  }

  _resume() {
    this.connection.send({ type: "resume", after: this.seq, revision: this._revision });
  }

  _onMessages(frame) {
    this._append(frame.items);
    this._revision = frame.revision ?? this._revision;
    if (frame.more) this.connection.send({ type: "resume", after: this.seq });
  }

  _onMessage(frame) {
    if (frame.seq > this.seq + 1) this._resume();
    else this._append([frame]);
  }

  _append(items) {
    const added = [];
    for (const item of items) {
      if (item.seq !== this.seq + 1) continue;
      this.seq = item.seq;
      added.push(item);
    }
    if (added.length) this._emit("messages", { items: added });
  }

  _onAck(frame) {
    this._settle(frame.client_id);
    this._outbox.remove(frame.client_id);
    this._emit("acked", frame);
  }

  _onError(frame) {
    const entry = this._outbox.find(frame.id);
    if (!entry) {
      this._emit("problem", frame);
      return;
    }
    const waitMs = retryAfterMs(frame);
    if (waitMs === null) {
      this._settle(entry.client_id);
      this._outbox.fail(entry.client_id);
    } else this._retryLater(entry.client_id, waitMs);
    this._emit("refused", { ...frame, client_id: entry.client_id });
  }

  /** Post a refused message again; until then it counts as sent, so that nothing else posts it. */
  _retryLater(clientId, waitMs) {
    this._settle(clientId);
    const retry = () => {
      this._settle(clientId);
      const entry = this._outbox.find(clientId);
      if (entry) this.post(entry);
    };
    this._sent.set(clientId, setTimeout(retry, waitMs));
  }

  _settle(clientId) {
    clearTimeout(this._sent.get(clientId));
    this._sent.delete(clientId);
  }

  _emit(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** Return the pause after which a refused message may be accepted, null if it never will be. */
function retryAfterMs({ code, retry_after_s: seconds }) {
  if (code === "rate_limited") return (seconds ?? 1) * 1000 + 100;
  return code === "unavailable" || code === "internal" ? RETRY_MS : null;
}

const HANDLERS = {
  room: "_onRoom",
  messages: "_onMessages",
  message: "_onMessage",
  ack: "_onAck",
  error: "_onError",
};
