/** Clocks of a page that the server counts from: what both kinds of them share. */

/** Calls `show` now and every second, for as long as the element is on the page. @param {HTMLElement} element @param {() => void} show */
export function everySecond(element, show) {
  const ticking = setInterval(() => {
    if (element.isConnected) show();
    else clearInterval(ticking);
  }, 1000);
  show();
}

/** Seconds as minutes and seconds. @param {number} seconds */
export function minutes(seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
