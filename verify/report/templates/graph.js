"use strict";
// The graph around one claim, drawn and as lists. In `nodes` each claim stands after those that it
// rests on; `has` tells whether a claim is on the page.
function graphOf(nodes, has) {
  const by = (id) => document.getElementById(id);
  const drawing = by("drawing"), list = by("drawing-list"), says = by("graph-says");
  const WIDE = 216, HIGH = 50, ACROSS = 46, DOWN = 12, NARROW = 560;
  const above = {};
  for (const [id, node] of Object.entries(nodes))
    for (const other of node.uses) (above[other] ||= []).push(id);

  // What is reached from a claim, with the number of steps.
  function reached(start, next, depth) {
    const found = new Map([[start, 0]]);
    for (const id of found.keys()) {
      const steps = found.get(id) + 1;
      if (steps > depth) continue;
      for (const other of next(id)) if (!found.has(other)) found.set(other, steps);
    }
    return found;
  }

  const short = (text, n) => text.length > n ? text.slice(0, n - 1) + "…" : text;

  function make(tag, attributes, ...children) {
    const space = tag in { ul: 0, li: 0, h3: 0 } ? "1999/xhtml" : "2000/svg";
    const element = document.createElementNS("http://www.w3.org/" + space, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  function box(id, one, x, y) {
    const node = nodes[one], cut = one.lastIndexOf("/");
    const mark = `${node.sign} ${node.words}${node.ground ? "  ▲ rests on refuted" : ""}`;
    const link = {
      href: "#" + one,
      class: `n-${node.outcome}${one === id ? " focus" : ""}`,
      transform: `translate(${x} ${y})`,
      "aria-label": `${one}, ${node.words}${node.ground ? ", rests on a refuted claim" : ""}`,
    };
    return make("a", link,
      make("title", {}, one),
      make("rect", { width: WIDE, height: HIGH, rx: 4 }),
      make("text", { x: 8, y: 15, class: "path" }, short(one.slice(0, cut), 40)),
      make("text", { x: 8, y: 30, "font-weight": 600 }, short(one.slice(cut + 1), 30)),
      make("text", { x: 8, y: 44, class: "path" }, mark));
  }

  function show(id, width, height, edges, at) {
    const label = `Graph around ${id}; the lists below say the same`;
    const size = { width, height, viewBox: `0 0 ${width} ${height}` };
    const frame = { ...size, role: "group", "aria-label": label };
    const boxes = [...at].map(([one, [x, y]]) => box(id, one, x, y));
    drawing.append(make("svg", frame, ...edges, ...boxes));
  }

  // On a narrow screen: one below the other, and what rests on others further in.
  function stack(id, seen) {
    const room = drawing.clientWidth, levels = seen.map((one) => nodes[one].level);
    const lowest = Math.min(...levels), most = Math.max(1, Math.max(...levels) - lowest);
    const step = Math.min(18, (room - WIDE - 12) / most), at = new Map(), edges = [];
    seen.forEach((one, i) => at.set(one, [4 + step * (levels[i] - lowest), 4 + i * (HIGH + 10)]));
    for (const [one, [x, y]] of at) {
      for (const other of nodes[one].uses) {
        if (!at.has(other)) continue;
        const [a, b] = at.get(other);
        edges.push(make("path", { d: `M${a + 6} ${b + HIGH}V${y + HIGH / 2}H${x}` }));
      }
    }
    show(id, room, seen.length * (HIGH + 10) + 4, edges, at);
  }

  // Else in columns by level, each claim no higher than the first of those that it rests on.
  function columns(id, seen) {
    const levels = [...new Set(seen.map((one) => nodes[one].level))].sort((a, b) => a - b);
    const filled = levels.map(() => 0), rows = new Map(), at = new Map(), edges = [];
    for (const one of seen) {
      const column = levels.indexOf(nodes[one].level);
      const seenGround = nodes[one].uses.filter((other) => rows.has(other));
      const ground = seenGround.map((other) => rows.get(other));
      const row = Math.max(filled[column], ground.length ? Math.min(...ground) : 0);
      rows.set(one, row);
      filled[column] = row + 1;
      at.set(one, [4 + column * (WIDE + ACROSS), 4 + row * (HIGH + DOWN)]);
    }
    for (const [one, [x, y]] of at) {
      for (const other of nodes[one].uses) {
        if (!at.has(other)) continue;
        const [a, b] = [at.get(other)[0] + WIDE, at.get(other)[1] + HIGH / 2];
        const [c, d] = [x - 6, y + HIGH / 2], half = (c - a) / 2;
        edges.push(
          make("path", { d: `M${a} ${b}C${a + half} ${b} ${c - half} ${d} ${c} ${d}` }),
          make("path", { class: "tip", d: `M${c + 6} ${d}l-8-4v8z` }));
      }
    }
    const width = levels.length * (WIDE + ACROSS) - ACROSS + 8;
    show(id, width, Math.max(...filled) * (HIGH + DOWN) + 8, edges, at);
    const [x] = at.get(id), room = drawing.clientWidth;
    if (x + WIDE > room) drawing.scrollLeft = x - (room - WIDE) / 2;
  }

  function tell(title, found) {
    const items = [...found].slice(1).map(([one, steps]) => {
      const node = nodes[one], link = document.createElement("a");
      link.href = "#" + one;
      link.textContent = one;
      const mark = node.ground ? " ▲ rests on refuted" : "";
      const away = steps > 1 ? `, ${steps} steps away` : "";
      return make("li", {}, has(one) ? link : one, ` ${node.sign} ${node.words}${mark}${away}`);
    });
    if (items.length) list.append(make("h3", {}, title), make("ul", {}, ...items));
  }

  function nothing(id) {
    if (!Object.keys(nodes).length) return "None of these claims rests on another.";
    if (!id) return "Choose a claim to see what it rests on, and what rests on it.";
    if (!has(id)) return `There is no claim ${id}.`;
    return `${id} rests on nothing else, and nothing rests on it.`;
  }

  return function draw(id, way, depth) {
    drawing.replaceChildren();
    list.replaceChildren();
    if (!nodes[id]) {
      says.textContent = nothing(id);
      return;
    }
    const down = reached(id, (one) => nodes[one].uses, way === "up" ? 0 : depth);
    const up = reached(id, (one) => above[one] || [], way === "down" ? 0 : depth);
    const seen = Object.keys(nodes).filter((one) => down.has(one) || up.has(one));
    const rest = up.size === 2 ? "rests" : "rest", part = way || depth < Infinity;
    const counts = `rests on ${down.size - 1}, and ${up.size - 1} ${rest} on it`;
    says.textContent = `${id}: ${counts}${part ? ", of those shown" : ""}.`;
    (drawing.clientWidth < NARROW ? stack : columns)(id, seen);
    tell("Rests on", down);
    tell("What rests on it", up);
  };
}
