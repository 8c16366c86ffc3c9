/** Two photographs share one zoom and one place: by buttons, wheel, drag, or the keys + - 0 and the arrows. */

const [LEAST, MOST, STEP, PART] = [1, 8, 1.25, 0.05];
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** @param {HTMLElement} element */
export function mount(element) {
  let [zoom, across, along] = [LEAST, 0, 0];
  const output = element.querySelector("[data-zoom]");

  const show = () => {
    // At most so far that no edge comes into the pane.
    const most = (zoom - 1) / 2 / zoom;
    across = Math.min(most, Math.max(-most, across));
    along = Math.min(most, Math.max(-most, along));
    element.style.setProperty("--zoom", String(zoom));
    element.style.setProperty("--across", `${across * 100}%`);
    element.style.setProperty("--along", `${along * 100}%`);
    if (output) output.textContent = `${Math.round(zoom * 100)} %`;
  };
  /** @param {number} factor */
  const by = (factor) => {
    zoom = Math.min(MOST, Math.max(LEAST, zoom * factor));
    show();
  };
  const all = () => {
    [zoom, across, along] = [LEAST, 0, 0];
    show();
  };
  /** @param {number} right @param {number} down in parts of a pane */
  const move = (right, down) => {
    across += right / zoom;
    along += down / zoom;
    show();
  };

  element.addEventListener("keydown", (event) => {
    const arrow = ARROWS[event.key];
    if (arrow) move(arrow[0] * PART, arrow[1] * PART);
    else if (event.key === "+" || event.key === "=") by(STEP);
    else if (event.key === "-") by(1 / STEP);
    else if (event.key === "0") all();
    else return;
    event.preventDefault();
  });
  element.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-zooms]") : null;
    if (!(button instanceof HTMLElement)) return;
    if (button.dataset.zooms === "all") all();
    else by(button.dataset.zooms === "in" ? STEP : 1 / STEP);
  });
  for (const pane of /** @type {NodeListOf<HTMLElement>} */ (element.querySelectorAll(".pane"))) {
    pane.addEventListener("wheel", (event) => {
      event.preventDefault();
      by(event.deltaY < 0 ? STEP : 1 / STEP);
    });
    pane.addEventListener("pointerdown", (event) => pane.setPointerCapture(event.pointerId));
    pane.addEventListener("pointermove", (event) => {
      if (pane.hasPointerCapture(event.pointerId)) {
        move(event.movementX / pane.clientWidth, event.movementY / pane.clientHeight);
      }
    });
  }
  const buttons = element.querySelector("[data-zoom-buttons]");
  if (buttons instanceof HTMLElement) buttons.hidden = false;
  show();
}
