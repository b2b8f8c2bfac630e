// Texts whose contrast with their ground is below 4.5 : 1 (WCAG 2.2, 1.4.3), as an array of words.
() => {
  const parse = (text) => text.match(/[\d.]+/g).map(Number);
  const linear = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const ground = (one) => {
    for (; one; one = one.parentElement) {
      const colour = parse(getComputedStyle(one).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const poor = new Set();
  for (const one of document.querySelectorAll("body *")) {
    const text = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!text || !one.checkVisibility() || one.closest("script, option, .unseen")) continue;
    const svg = one.closest("svg"), style = getComputedStyle(one);
    const colour = parse(svg ? style.fill : style.color), behind = ground(svg || one);
    const [bright, dark] = [light(colour), light(behind)].sort((a, b) => b - a);
    if ((bright + 0.05) / (dark + 0.05) < 4.5)
      poor.add(`${one.tagName}.${one.getAttribute("class")}: ${colour} on ${behind}`);
  }
  return [...poor];
}
