/**
 * The camera of the browser over a file field: live picture under the baseline as a ghost, take, look, keep or retake.
 * What was taken goes into the file field, so that the form sends it like a chosen file. On a tablet the camera opens
 * by itself. Without scripts, without a camera or without leave to use it the file field does the same.
 */

const WANTED = { video: { facingMode: "environment", width: { ideal: 2560 }, height: { ideal: 1920 } }, audio: false };
const LEVEL_DEGREES = 2;
const QUALITY = 0.92;

/** @param {HTMLElement} form */
export function mount(form) {
  const find = (/** @type {string} */ name) => /** @type {HTMLElement} */ (form.querySelector(`[data-${name}]`));
  const video = /** @type {HTMLVideoElement} */ (find("video"));
  const preview = /** @type {HTMLImageElement} */ (find("preview"));
  const file = /** @type {HTMLInputElement} */ (form.querySelector("input[type=file]"));
  const [stage, said, opens, takes, retakes, keeps] = ["stage", "said", "opens", "takes", "retakes", "keeps"].map(find);
  /** @type {MediaStream | undefined} */
  let stream;

  /** @param {"idle" | "live" | "taken"} state */
  const show = (state) => {
    form.dataset.state = state;
    stage.hidden = state === "idle";
    video.hidden = state !== "live";
    preview.hidden = state !== "taken";
    takes.hidden = state !== "live";
    retakes.hidden = state !== "taken" || !stream;
    opens.hidden = Boolean(stream) || !navigator.mediaDevices;
    keeps.hidden = state !== "taken";
  };
  const say = (/** @type {string | undefined} */ words) => {
    said.textContent = words ?? "";
    said.hidden = !words;
  };
  const look = () => {
    const chosen = file.files?.[0];
    URL.revokeObjectURL(preview.src);
    if (chosen) preview.src = URL.createObjectURL(chosen);
    show(chosen ? "taken" : stream ? "live" : "idle");
    if (chosen) keeps.focus({ preventScroll: true });
  };
  const open = async () => {
    try {
      stream = await navigator.mediaDevices.getUserMedia(WANTED);
    } catch (problem) {
      const refused = problem instanceof DOMException && problem.name === "NotAllowedError";
      say(refused ? form.dataset.refused : form.dataset.missing);
      return;
    }
    say("");
    video.srcObject = stream;
    await video.play();
    show("live");
    takes.focus({ preventScroll: true });
  };
  const take = () => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d")?.drawImage(video, 0, 0);
    canvas.toBlob((blob) => blob && choose(blob), "image/jpeg", QUALITY);
  };
  const choose = (/** @type {Blob} */ blob) => {
    const taken = new DataTransfer();
    taken.items.add(new File([blob], "photograph.jpg", { type: "image/jpeg" }));
    file.files = taken.files;
    look();
  };

  opens.addEventListener("click", open);
  takes.addEventListener("click", take);
  retakes.addEventListener("click", () => {
    file.value = "";
    show("live");
    takes.focus({ preventScroll: true });
  });
  file.addEventListener("change", look);
  window.addEventListener("pagehide", () => stream?.getTracks().forEach((track) => track.stop()));
  ghost(form);
  level(form);
  show("idle");
  if (navigator.mediaDevices && window.matchMedia("(pointer: coarse)").matches) open();
}

/** @param {HTMLElement} form */
function ghost(form) {
  const baseline = form.querySelector("[data-ghost]");
  const label = form.querySelector("[data-ghost-switch]");
  if (!(baseline instanceof HTMLElement) || !(label instanceof HTMLElement)) return;
  label.hidden = false;
  label.addEventListener("change", () => (baseline.hidden = !label.querySelector("input")?.checked));
}

/** The horizon turns with the tablet; the sign says level or tilted. @param {HTMLElement} form */
function level(form) {
  const sign = form.querySelector("[data-level-sign]");
  const horizon = form.querySelector("[data-horizon]");
  window.addEventListener("deviceorientation", ({ beta, gamma }) => {
    if (beta === null || gamma === null || !(sign instanceof HTMLElement)) return;
    const roll = rolled(beta, gamma);
    const isLevel = Math.abs(roll) <= LEVEL_DEGREES;
    sign.hidden = false;
    sign.classList.toggle("ok", isLevel);
    sign.classList.toggle("warn", !isLevel);
    const words = isLevel ? form.dataset.level : form.dataset.tilted;
    if (sign.textContent !== words) sign.textContent = words ?? "";
    horizon?.setAttribute("transform", `rotate(${-roll} 200 150)`);
  });
}

/** How far the picture leans, in degrees, however the screen is turned. @param {number} beta @param {number} gamma */
function rolled(beta, gamma) {
  const radians = Math.PI / 180;
  const across = Math.sin(gamma * radians) * Math.cos(beta * radians);
  const along = Math.sin(beta * radians);
  const turned = screen.orientation?.angle ?? 0;
  const lean = Math.atan2(across, along) / radians;
  return ((lean + turned + 540) % 360) - 180;
}
