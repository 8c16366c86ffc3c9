/** Counts down from `data-seconds` inside `[data-left]`, and goes when the time is over: what it offers is refused then. */

/** @param {HTMLElement} element */
export function mount(element) {
  const ends = performance.now() + Number(element.dataset.seconds) * 1000;
  const left = element.querySelector("[data-left]");
  const show = () => {
    const seconds = Math.ceil((ends - performance.now()) / 1000);
    if (seconds <= 0) {
      clearInterval(timer);
      element.remove();
    } else if (left) {
      left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    }
  };
  const timer = setInterval(show, 1000);
  show();
}
