/** Keeps when each part was marked as read, and how many are; the server takes its own time without it. */

/** @param {HTMLElement} element */
export function mount(element) {
  const boxes = [...element.querySelectorAll("input[type=checkbox][data-time]")];
  const counter = element.querySelector("[data-read]");
  const bars = [...element.querySelectorAll(".cprog li")];
  const count = () => {
    const read = boxes.map((box) => box instanceof HTMLInputElement && box.checked);
    if (counter) counter.textContent = String(read.filter(Boolean).length);
    bars.forEach((bar, place) => bar.classList.toggle("dn", read[place]));
  };
  for (const box of boxes) {
    box.addEventListener("change", () => {
      if (!(box instanceof HTMLInputElement)) return;
      const time = element.querySelector(`input[name="${CSS.escape(box.dataset.time ?? "")}"]`);
      if (time instanceof HTMLInputElement) time.value = box.checked ? new Date().toISOString() : "";
      count();
    });
  }
  count();
}
