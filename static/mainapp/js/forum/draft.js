// The draft of a room: text, the message replied to, and pictures that wait to be sent. It stays in this browser
// until it is sent or the user logs out (core/personal.js).
import { readStored, writeStored } from "../core/storage.js";

export class Draft {
  /** `key` names the room and the user: "12.7". */
  constructor(key) {
    this._name = `pregao.${key}.draft`;
    const stored = readStored(this._name, {}, { isValid: (value) => typeof value === "object" });
    this._values = { text: "", reply: null, uploads: [], ...stored };
  }

  get(name) {
    return this._values[name];
  }

  set(name, value) {
    this._values[name] = value;
    const { text, reply, uploads } = this._values;
    writeStored(this._name, text || reply || uploads.length ? this._values : null);
  }
}
