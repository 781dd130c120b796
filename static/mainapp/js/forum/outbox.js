// Messages that are not acknowledged yet: they survive a reload of this tab.
import { serverNow } from "../core/clock.js";
import { readStored, writeStored } from "../core/storage.js";

const SESSION = { storage: "sessionStorage" };

/**
 * Messages in the order in which they were written, each {client_id, at, failed} with the fields of a `send`:
 * body, or kind and content; reply_to. For the page, `reply` is the message replied to, and `shown` has the
 * content that the server will return.
 */
export class Outbox {
  constructor(key) {
    this._key = `pregao.${key}.unsent`;
    const stored = readStored(this._key, [], { ...SESSION, isValid: Array.isArray });
    this._entries = stored.filter((entry) => entry?.client_id && (entry.body || entry.kind));
  }

  get entries() {
    return [...this._entries];
  }

  /** Return the messages to send automatically: those that have not failed. */
  waiting() {
    return this._entries.filter((entry) => !entry.failed);
  }

  find(clientId) {
    return this._entries.find((entry) => entry.client_id === clientId);
  }

  add(fields) {
    const at = new Date(serverNow() ?? Date.now()).toISOString();
    const entry = { client_id: newId(), ...fields, at, failed: false };
    this._entries.push(entry);
    this._save();
    return entry;
  }

  fail(clientId, failed = true) {
    const entry = this.find(clientId);
    if (entry) entry.failed = failed;
    this._save();
    return entry;
  }

  remove(clientId) {
    this._entries = this._entries.filter((entry) => entry.client_id !== clientId);
    this._save();
  }

  _save() {
    writeStored(this._key, this._entries.length ? this._entries : null, SESSION);
  }
}

/** Return a random UUID; crypto.randomUUID exists on secure pages only. */
function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
