/** Counts down from `data-seconds`, the server's own count, as minutes and seconds; at nought it says `data-over`. */

/** @param {HTMLElement} element */
export function mount(element) {
  const end = Number(element.dataset.seconds) * 1000 + performance.now();
  const show = () => {
    const seconds = Math.ceil((end - performance.now()) / 1000);
    const over = seconds <= 0;
    element.textContent = over
      ? element.dataset.over ?? ""
      : `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    element.parentElement?.classList.toggle("over", over);
    if (over || !element.isConnected) clearInterval(ticking);
  };
  const ticking = setInterval(show, 1000);
  show();
}
