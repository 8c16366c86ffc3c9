/** Counts on from `data-seconds`, the server's own count, as minutes and seconds. */

import { everySecond, minutes } from "../ticking.js";

/** @param {HTMLElement} element */
export function mount(element) {
  const from = Number(element.dataset.seconds) * 1000 - performance.now();
  everySecond(element, () => {
    element.textContent = minutes(Math.max(0, Math.floor((performance.now() + from) / 1000)));
  });
}
