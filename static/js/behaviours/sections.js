/** Marks the part of the page that is being read; Alt with the arrows goes to the one before or after it. */

/** @param {HTMLElement} element a nav of links to parts of the page */
export function mount(element) {
  const links = [...element.querySelectorAll("a[href^='#']")];
  const places = links.map((link) => document.getElementById(link.getAttribute("href")?.slice(1) ?? ""));
  let current = 0;

  const mark = () => {
    const top = innerHeight / 3;
    const past = places.filter((place) => place && place.getBoundingClientRect().top < top).length;
    current = Math.max(past - 1, 0);
    links.forEach((link, number) => {
      if (number === current) link.setAttribute("aria-current", "step");
      else link.removeAttribute("aria-current");
    });
  };

  document.addEventListener("scroll", mark, { passive: true });
  document.addEventListener("keydown", (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || !event.altKey || event.ctrlKey || event.metaKey) return;
    // From outside the parts the first step is into the one that is being read.
    const inside = document.activeElement?.closest(".work");
    const place = places[inside ? current + step : current];
    if (!place) return;
    event.preventDefault();
    place.scrollIntoView();
    const first = [...place.querySelectorAll("input:not([type=hidden]), select, textarea")].find((each) =>
      each instanceof HTMLElement && each.offsetParent,
    );
    if (first instanceof HTMLElement) first.focus({ preventScroll: true });
    mark();
  });
  mark();
}
