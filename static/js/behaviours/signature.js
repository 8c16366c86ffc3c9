/** A drawn signature goes into hidden fields as SVG and as points with time and pressure; the typed name beside it works alone. */
import SignaturePad from "../../vendor/signature_pad.js";

/** @param {HTMLElement} element */
export function mount(element) {
  const canvas = element.querySelector("canvas");
  const drawing = field(element, element.dataset.name);
  const points = field(element, element.dataset.dataName);
  if (!canvas || !drawing || !points) return;
  element.dataset.ready = "";
  const pad = new SignaturePad(canvas, { penColor: "#13262b", minWidth: 0.9, maxWidth: 2.4 });

  const keep = () => {
    drawing.value = pad.isEmpty() ? "" : pad.toSVG();
    points.value = pad.isEmpty() ? "" : JSON.stringify(pad.toData());
  };
  const clear = () => {
    pad.clear();
    keep();
  };
  pad.addEventListener("endStroke", keep);
  element.querySelector("[data-clears]")?.addEventListener("click", clear);
  fit(canvas, pad);
  new ResizeObserver(() => fit(canvas, pad)).observe(canvas);
}

/** @param {HTMLElement} element @param {string | undefined} name @returns {HTMLInputElement | null} */
function field(element, name) {
  return element.querySelector(`input[name="${CSS.escape(name ?? "")}"]`);
}

/** The canvas has as many pixels as the screen; strokes drawn so far stay. @param {HTMLCanvasElement} canvas @param {SignaturePad} pad */
function fit(canvas, pad) {
  const ratio = Math.max(window.devicePixelRatio, 1);
  const width = Math.round(canvas.clientWidth * ratio);
  const height = Math.round(canvas.clientHeight * ratio);
  if (canvas.width === width && canvas.height === height) return;
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d")?.scale(ratio, ratio);
  const strokes = pad.toData();
  pad.clear();
  pad.fromData(strokes);
}
