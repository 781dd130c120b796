// What was written and not yet acknowledged, and the draft: kept over a reload, for this tab.

/** Messages in the order in which they were written, each {client_id, body, at, failed}. */
export class Outbox {
  constructor(key) {
    this._key = `pregao.${key}.unsent`;
    this._entries = read(this._key, []).filter((one) => one?.client_id && one.body);
  }

  get entries() {
    return [...this._entries];
  }

  /** Return what is to be sent by itself. */
  waiting() {
    return this._entries.filter((one) => !one.failed);
  }

  find(clientId) {
    return this._entries.find((one) => one.client_id === clientId);
  }

  add(body) {
    const entry = { client_id: newId(), body, at: new Date().toISOString(), failed: false };
    this._entries.push(entry);
    this._keep();
    return entry;
  }

  fail(clientId, failed = true) {
    const entry = this.find(clientId);
    if (entry) entry.failed = failed;
    this._keep();
    return entry;
  }

  remove(clientId) {
    this._entries = this._entries.filter((one) => one.client_id !== clientId);
    this._keep();
  }

  _keep() {
    write(this._key, this._entries.length ? this._entries : null);
  }
}

/** Keep what stands in a text box. */
export function keepDraft(box, key) {
  const name = `pregao.${key}.draft`;
  box.value ||= read(name, "");
  const keep = () => write(name, box.value || null);
  box.addEventListener("input", keep);
  return keep;
}

/** Return a random UUID; randomUUID is there on secure addresses only. */
function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function read(key, otherwise) {
  try {
    return JSON.parse(sessionStorage.getItem(key)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function write(key, value) {
  try {
    if (value === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    // nothing is kept over a reload where nothing may be stored
  }
}
