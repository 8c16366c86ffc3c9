/** Asks `data-url` every `data-seconds` and reloads the part when its answer's ETag or text has changed; rests in a hidden tab. */

/** @param {HTMLElement} element */
export function mount(element) {
  const { url, event = "refresh" } = element.dataset;
  const pause = Number(element.dataset.seconds ?? 30) * 1000;
  if (!url || !(pause > 0)) return;
  /** @type {string | undefined} */
  let seen;

  const ask = async () => {
    if (!element.isConnected) return clearInterval(timer);
    if (document.hidden) return;
    const answer = await fetch(url, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer?.ok) return;
    const text = await answer.text();
    if (seen !== undefined && text !== seen) element.dispatchEvent(new CustomEvent(event, { bubbles: true }));
    seen = text;
  };

  const timer = setInterval(ask, pause);
  ask();
}
