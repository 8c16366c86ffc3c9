/** Counts on from `data-seconds`, the server's own count, as minutes and seconds. */

/** @param {HTMLElement} element */
export function mount(element) {
  const from = Number(element.dataset.seconds) * 1000 - performance.now();
  const show = () => {
    const seconds = Math.max(0, Math.floor((performance.now() + from) / 1000));
    element.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  };
  show();
  setInterval(show, 1000);
}
