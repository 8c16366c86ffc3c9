/** Binds behaviours to the elements that ask for them by `data-behaviour`, at load and after every htmx swap. */
import { mount as acknowledge } from "./behaviours/acknowledge.js";
import { mount as advance } from "./behaviours/advance.js";
import { mount as autosave } from "./behaviours/autosave.js";
import { mount as calendar } from "./behaviours/calendar.js";
import { mount as camera } from "./behaviours/camera.js";
import { mount as conditional } from "./behaviours/conditional.js";
import { mount as countdown } from "./behaviours/countdown.js";
import { mount as dialog } from "./behaviours/dialog.js";
import { mount as dialogOpener } from "./behaviours/dialog_opener.js";
import { mount as digits } from "./behaviours/digits.js";
import { mount as draft } from "./behaviours/draft.js";
import { mount as elapsed } from "./behaviours/elapsed.js";
import { mount as errorSummary } from "./behaviours/error_summary.js";
import { mount as expires } from "./behaviours/expires.js";
import { mount as keepTyped } from "./behaviours/keep_typed.js";
import { mount as live } from "./behaviours/live.js";
import { mount as menu } from "./behaviours/menu.js";
import { mount as notices } from "./behaviours/notices.js";
import { mount as photoChoice } from "./behaviours/photo_choice.js";
import { mount as photoGrid } from "./behaviours/photo_grid.js";
import { mount as photoSlider } from "./behaviours/photo_slider.js";
import { mount as photoTimeline } from "./behaviours/photo_timeline.js";
import { mount as photoZoom } from "./behaviours/photo_zoom.js";
import { mount as poll } from "./behaviours/poll.js";
import { mount as primaryKey } from "./behaviours/primary_key.js";
import { mount as print } from "./behaviours/print.js";
import { mount as reconcile } from "./behaviours/reconcile.js";
import { mount as rows } from "./behaviours/rows.js";
import { mount as scan } from "./behaviours/scan.js";
import { mount as sections } from "./behaviours/sections.js";
import { mount as series } from "./behaviours/series.js";
import { mount as signature } from "./behaviours/signature.js";
import { mount as signedOut } from "./behaviours/signed_out.js";
import { mount as stillTrue } from "./behaviours/still_true.js";
import { mount as theme } from "./behaviours/theme.js";
import { mount as triState } from "./behaviours/tri_state.js";
import { mount as zones } from "./behaviours/zones.js";

/** @type {Record<string, (element: HTMLElement) => void>} */
const BEHAVIOURS = {
  acknowledge,
  advance,
  autosave,
  calendar,
  camera,
  conditional,
  countdown,
  dialog,
  "dialog-opener": dialogOpener,
  digits,
  draft,
  elapsed,
  "error-summary": errorSummary,
  expires,
  "keep-typed": keepTyped,
  live,
  menu,
  notices,
  "photo-choice": photoChoice,
  "photo-grid": photoGrid,
  "photo-slider": photoSlider,
  "photo-timeline": photoTimeline,
  "photo-zoom": photoZoom,
  poll,
  "primary-key": primaryKey,
  print,
  reconcile,
  rows,
  scan,
  sections,
  series,
  signature,
  "signed-out": signedOut,
  "still-true": stillTrue,
  theme,
  "tri-state": triState,
  zones,
};

/** @type {WeakSet<Element>} */
const mounted = new WeakSet();

/** @param {ParentNode & Node} root */
function mountAll(root) {
  const own = root instanceof HTMLElement && root.matches("[data-behaviour]") ? [root] : [];
  for (const element of [...own, ...root.querySelectorAll("[data-behaviour]")]) {
    if (mounted.has(element) || !(element instanceof HTMLElement)) continue;
    mounted.add(element);
    for (const name of (element.dataset.behaviour ?? "").split(" ")) BEHAVIOURS[name]?.(element);
  }
}

mountAll(document);
document.addEventListener("htmx:load", (event) => mountAll(/** @type {CustomEvent} */ (event).detail.elt));
