// The server's time, independent of the clock of this computer.
//
// Frames bring the server's time; between them `performance.now()` advances it. Date.now() is not used:
// the user or NTP may change that clock by hours while a page is open.

const SAMPLES = 10;
const JUMP_MS = 2000;

/**
 * Follows the server's clock by samples of it.
 *
 * The network delays every sample, so the least delayed of the newest ones is the best. A difference of
 * more than 2 s means that the server's clock was set, or that performance.now() did not count a sleep:
 * that sample replaces the others.
 */
export class ServerClock {
  constructor() {
    this._offsets = [];
  }

  /** Add a sample: the server's time was `serverMs` when performance.now() was `localMs`. */
  addSample(serverMs, localMs = performance.now()) {
    if (!Number.isFinite(serverMs)) return;
    const offset = serverMs - localMs;
    const known = this._offset();
    if (known !== null && Math.abs(offset - known) > JUMP_MS) this._offsets = [];
    this._offsets = [...this._offsets, offset].slice(-SAMPLES);
  }

  /** Return the server's time in epoch milliseconds, null while it is unknown. */
  now(localMs = performance.now()) {
    const offset = this._offset();
    return offset === null ? null : localMs + offset;
  }

  _offset() {
    return this._offsets.length ? Math.max(...this._offsets) : null;
  }
}

const clock = new ServerClock();
let isStarted = false;

/** Add the sample in a frame. */
export function addServerTime(serverMs) {
  start();
  clock.addSample(serverMs);
}

/** Return the server's time in epoch milliseconds, null while it is unknown. */
export function serverNow() {
  start();
  return clock.now();
}

/** Begin with the time at which the server rendered the page, unless it came out of the browser's cache. */
function start() {
  if (isStarted) return;
  isStarted = true;
  const renderedAt = Date.parse(document.querySelector('meta[name="server-time"]')?.content ?? "");
  const [navigation] = performance.getEntriesByType("navigation");
  if (navigation?.transferSize > 0) clock.addSample(renderedAt, navigation.responseStart);
}
