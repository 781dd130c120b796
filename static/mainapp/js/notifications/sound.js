// The sound of a notification: off until the reader switches it on.
import { readText, writeText } from "../core/storage.js";

const KEY = "notification-sound";
const FREQUENCY_HZ = 880;
const DURATION_S = 0.5;
const VOLUME = 0.08;
const SILENCE = 0.001; // an exponential ramp cannot reach zero

function isOn() {
  return readText(KEY) === "on";
}

/** Play the sound, unless it is off or the browser would refuse: pages are silent until a first click. */
export function playSound() {
  if (!isOn() || !navigator.userActivation?.hasBeenActive) return;
  const context = new AudioContext();
  const end = context.currentTime + DURATION_S;
  const gain = context.createGain();
  gain.gain.setValueAtTime(VOLUME, context.currentTime);
  gain.gain.exponentialRampToValueAtTime(SILENCE, end);
  gain.connect(context.destination);
  const tone = context.createOscillator();
  tone.frequency.value = FREQUENCY_HZ;
  tone.connect(gain);
  tone.onended = () => context.close();
  tone.start();
  tone.stop(end);
}

export function attachSoundSwitch(label) {
  const box = label.querySelector("input");
  label.hidden = false;
  box.checked = isOn();
  box.addEventListener("change", () => {
    writeText(KEY, box.checked ? "on" : "off");
    playSound();
  });
}
