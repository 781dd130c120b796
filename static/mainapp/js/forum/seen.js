// The number of the last message that was seen in each room, in this browser.
import { readStored, writeStored } from "../core/storage.js";

const MAX_ROOMS = 200;

export class SeenMessages {
  /** `userId` separates the accounts of one browser; null for visitors. */
  constructor(userId) {
    this._key = `pregao.seen.${userId ?? 0}`;
  }

  /** Return the last number seen in a room, 0 if the room was never opened here. */
  of(room) {
    return this._read().find(([pk]) => pk === Number(room))?.[1] ?? 0;
  }

  /** Remember that the messages up to `seq` were seen. */
  mark(room, seq) {
    const pk = Number(room);
    const seen = this._read();
    if (seq <= (seen.find(([other]) => other === pk)?.[1] ?? 0)) return;
    const others = seen.filter(([other]) => other !== pk);
    writeStored(this._key, [[pk, seq], ...others].slice(0, MAX_ROOMS));
  }

  _read() {
    const stored = readStored(this._key, [], { isValid: Array.isArray });
    return stored.filter((pair) => Array.isArray(pair) && pair.every(Number.isSafeInteger));
  }
}

/** Show the number of unseen messages in each `[data-room-row]` of a list, but not in the open room. */
export function showUnseen(list, seen) {
  for (const row of list.querySelectorAll("[data-room-row]:not(:has([aria-current]))")) {
    const last = seen.of(row.dataset.roomRow);
    const count = last ? Math.max(0, Number(row.dataset.seq) - last) : 0;
    const badge = row.querySelector("[data-part=unseen]");
    badge.hidden = count === 0;
    badge.querySelector("[data-part=count]").textContent = count > 99 ? "99+" : String(count);
  }
}
