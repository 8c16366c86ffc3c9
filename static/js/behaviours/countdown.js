/** Counts down from `data-seconds`, the server's own count, as minutes and seconds; at nought it says `data-over`. */

import { everySecond, minutes } from "../ticking.js";

/** @param {HTMLElement} element */
export function mount(element) {
  const end = Number(element.dataset.seconds) * 1000 + performance.now();
  everySecond(element, () => {
    const seconds = Math.ceil((end - performance.now()) / 1000);
    const over = seconds <= 0;
    element.textContent = over ? element.dataset.over ?? "" : minutes(seconds);
    element.parentElement?.classList.toggle("over", over);
  });
}
