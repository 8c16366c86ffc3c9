/** The range says how much of the left photograph is seen; the rest of the box shows the right one. */

/** @param {HTMLElement} element */
export function mount(element) {
  const range = element.querySelector("input[type=range]");
  if (!(range instanceof HTMLInputElement)) return;
  const cut = () => element.style.setProperty("--cut", `${range.value}%`);
  range.addEventListener("input", cut);
  cut();
}
