"use strict";
// The state of the page stands in the hash, so that a link shows what was seen: #claim-id?q=…&sort=…
(() => {
  const $ = (selector) => document.querySelector(selector);
  const $$ = (selector) => [...document.querySelectorAll(selector)];
  const nodes = JSON.parse($("#nodes").textContent);
  const rows = $$("#rows tbody tr");
  const articles = new Map($$("article.claim").map((one) => [one.dataset.id, one]));
  const filter = $("#filter"), focus = $("#focus"), count = $("#count");
  const FIELDS = ["q", "verdict", "paper", "evidence", "mark"], SHOWN = ["graph", "way", "depth"];
  const plain = new Map(rows.map((row) => [row, searched(row)]));
  let place = "";

  function searched(row) {
    const article = articles.get(row.dataset.id);
    const parts = [...article.querySelectorAll(".says, .tex, .f")];
    return [row.dataset.id, ...parts.map((one) => one.textContent)].join(" ").replaceAll("\u200b", "").toLowerCase();
  }

  // State -----------------------------------------------------------------------------------------

  function read() {
    const hash = decodeURIComponent(location.hash.slice(1));
    const cut = hash.indexOf("?");
    const values = new URLSearchParams(cut < 0 ? "" : hash.slice(cut + 1));
    return { place: cut < 0 ? hash : hash.slice(0, cut), values, bare: cut < 0 };
  }

  function write(push) {
    const values = new URLSearchParams();
    for (const name of FIELDS) if (filter.elements[name].value) values.set(name, filter.elements[name].value);
    for (const name of SHOWN) if (focus.elements[name].value) values.set(name, focus.elements[name].value);
    const head = $("#rows th[aria-sort]");
    if (head) values.set("sort", (head.ariaSort === "descending" ? "-" : "") + head.dataset.key);
    const query = values.toString();
    const hash = "#" + place + (query ? "?" + query : "");
    if (hash === location.hash || (hash === "#" && !location.hash)) return;
    history[push ? "pushState" : "replaceState"](null, "", hash);
  }

  function apply() {
    const state = read();
    if (!state.bare || !state.place) {
      for (const name of FIELDS) filter.elements[name].value = state.values.get(name) || "";
      for (const name of SHOWN) focus.elements[name].value = state.values.get(name) || "";
      const sort = state.values.get("sort") || "";
      order(sort.replace(/^-/, ""), sort.startsWith("-"));
    }
    place = state.place;
    select();
    draw();
    go();
  }

  function go() {
    for (const one of $$("article.here")) one.classList.remove("here");
    const target = place && document.getElementById(place);
    if (!target) return;
    target.hidden = false;
    target.scrollIntoView();
    if (articles.has(place)) {
      target.classList.add("here");
      target.focus({ preventScroll: true });
    }
  }

  // Table -----------------------------------------------------------------------------------------

  function select() {
    const wanted = Object.fromEntries(FIELDS.map((name) => [name, filter.elements[name].value]));
    const words = wanted.q.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const data = row.dataset;
      const fits = words.every((word) => plain.get(row).includes(word))
        && (!wanted.verdict || data.verdict === wanted.verdict)
        && (!wanted.paper || data.paper === wanted.paper)
        && (!wanted.evidence || data.evidence.split(" ").includes(wanted.evidence))
        && (!wanted.mark || data.mark.split(" ").includes(wanted.mark));
      row.hidden = !fits;
      articles.get(data.id).hidden = !fits && data.id !== place;
      shown += fits;
    }
    count.textContent = `${shown} of ${rows.length} claims` + (shown ? "" : ": none fits, show all again");
  }

  function order(key, falling) {
    for (const one of $$("#rows th[data-key]")) one.removeAttribute("aria-sort");
    const head = key && $(`#rows th[data-key="${CSS.escape(key)}"]`);
    const sorted = [...rows];
    if (head) {
      head.ariaSort = falling ? "descending" : "ascending";
      const column = [...head.parentNode.children].indexOf(head);
      const value = (row) => {
        const cell = row.children[column], given = cell.dataset.s;
        return given === undefined ? cell.textContent : given === "" ? null : Number(given);
      };
      const compare = (a, b) => typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true });
      const keys = new Map(rows.map((row) => [row, value(row)]));
      sorted.sort((a, b) => {
        const one = keys.get(a), other = keys.get(b);
        if (one === null || other === null) return (one === null) - (other === null); // no number: last
        return falling ? compare(other, one) : compare(one, other);
      });
    }
    $("#rows tbody").append(...sorted);
  }

  for (const head of $$("#rows th[data-key]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.addEventListener("click", () => { order(head.dataset.key, head.ariaSort === "ascending"); write(); });
    head.replaceChildren(button);
  }

  // Graph -----------------------------------------------------------------------------------------

  const above = {};
  for (const [id, node] of Object.entries(nodes)) for (const other of node.uses) (above[other] ||= []).push(id);

  function reached(start, next, depth) {
    const found = new Map([[start, 0]]);
    for (const id of found.keys())
      if (found.get(id) < depth) for (const other of next(id)) if (!found.has(other)) found.set(other, found.get(id) + 1);
    return found;
  }

  function svg(tag, attributes, ...children) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  const short = (text, n) => text.length > n ? text.slice(0, n - 1) + "…" : text;

  function draw() {
    const id = focus.elements.graph.value.trim(), way = focus.elements.way.value;
    const depth = Number(focus.elements.depth.value) || Infinity;
    const drawing = $("#drawing"), list = $("#drawing-list"), says = $("#graph-says");
    drawing.replaceChildren();
    list.replaceChildren();
    says.textContent = "";
    if (!id) { says.textContent = Object.keys(nodes).length ? "Choose a claim to see what it rests on, and what rests on it." : "None of these claims rests on another."; return; }
    if (!nodes[id]) { says.textContent = articles.has(id) ? `${id} rests on nothing else, and nothing rests on it.` : `There is no claim ${id}.`; return; }
    const down = reached(id, (one) => nodes[one].uses, way === "up" ? 0 : depth);
    const up = reached(id, (one) => above[one] || [], way === "down" ? 0 : depth);
    const seen = Object.keys(nodes).filter((one) => down.has(one) || up.has(one));
    says.textContent = `${id}: rests on ${down.size - 1}, and ${up.size - 1} rest${up.size === 2 ? "s" : ""} on it` + (way || depth < Infinity ? ", of those shown" : "") + ".";
    (drawing.clientWidth < 560 ? stack : layout)(drawing, id, seen);
    for (const [name, found] of [["Rests on", down], ["What rests on it", up]]) {
      if (found.size < 2) continue;
      const items = [...found.keys()].slice(1).map((one) => {
        const item = document.createElement("li"), link = document.createElement("a");
        link.href = "#" + one;
        link.textContent = one;
        item.append(articles.has(one) ? link : one, ` ${nodes[one].sign} ${nodes[one].words}` + (nodes[one].ground ? " ▲ rests on refuted" : "") + (found.get(one) > 1 ? `, ${found.get(one)} steps away` : ""));
        return item;
      });
      const ul = document.createElement("ul"), head = document.createElement("h3");
      head.textContent = name;
      ul.append(...items);
      list.append(head, ul);
    }
  }

  const W = 216, H = 50;

  function box(one, id, x, y) {
    const node = nodes[one], cut = one.lastIndexOf("/");
    const words = node.words + (node.ground ? ", rests on a refuted claim" : "");
    const mark = `${node.sign} ${node.words}${node.ground ? "  ▲ rests on refuted" : ""}`;
    return svg("a", { href: "#" + one, class: `n-${node.outcome}${one === id ? " focus" : ""}`, transform: `translate(${x} ${y})`, "aria-label": `${one}, ${words}` },
      svg("title", {}, one),
      svg("rect", { width: W, height: H, rx: 4 }),
      svg("text", { x: 8, y: 15, class: "path" }, short(one.slice(0, cut), 40)),
      svg("text", { x: 8, y: 30, "font-weight": 600 }, short(one.slice(cut + 1), 30)),
      svg("text", { x: 8, y: 44, class: "path" }, mark));
  }

  function show(drawing, id, width, height, ...parts) {
    drawing.append(svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": `Graph around ${id}; the lists below say the same` }, ...parts));
  }

  // On a narrow screen: one below the other, what rests on others further in.
  function stack(drawing, id, seen) {
    const lowest = Math.min(...seen.map((one) => nodes[one].level)), at = new Map();
    const step = Math.min(18, (drawing.clientWidth - W - 12) / Math.max(1, ...seen.map((one) => nodes[one].level - lowest)));
    seen.forEach((one, i) => at.set(one, [4 + step * (nodes[one].level - lowest), 4 + i * (H + 10)]));
    const edges = seen.flatMap((one) => nodes[one].uses.filter((other) => at.has(other)).map((other) => {
      const [a, b] = at.get(other), [c, d] = at.get(one);
      return svg("path", { d: `M${a + 6} ${b + (d > b ? H : 0)}V${d + H / 2}H${c}` });
    }));
    show(drawing, id, drawing.clientWidth, seen.length * (H + 10) + 4, ...edges, ...seen.map((one) => box(one, id, ...at.get(one))));
  }

  function layout(drawing, id, seen) {
    const ACROSS = 46, DOWN = 12;
    const columns = [...new Set(seen.map((one) => nodes[one].level))].sort((a, b) => a - b);
    const at = new Map(), filled = columns.map(() => 0);
    for (const one of seen) {
      const column = columns.indexOf(nodes[one].level);
      const wanted = nodes[one].uses.filter((other) => at.has(other)).map((other) => at.get(other)[1]);
      const row = Math.max(filled[column], wanted.length ? Math.min(...wanted) : 0);
      at.set(one, [column, row]);
      filled[column] = row + 1;
    }
    const x = (one) => at.get(one)[0] * (W + ACROSS) + 4, y = (one) => at.get(one)[1] * (H + DOWN) + 4;
    const edges = [], boxes = [];
    for (const one of seen) {
      for (const other of nodes[one].uses) if (at.has(other)) {
        const a = x(other) + W, b = y(other) + H / 2, c = x(one) - 6, d = y(one) + H / 2, m = (c - a) / 2;
        edges.push(svg("path", { d: `M${a} ${b}C${a + m} ${b} ${c - m} ${d} ${c} ${d}` }), svg("path", { class: "tip", d: `M${c + 6} ${d}l-8-4v8z` }));
      }
      boxes.push(box(one, id, x(one), y(one)));
    }
    const width = columns.length * (W + ACROSS) - ACROSS + 8, height = Math.max(...filled) * (H + DOWN) + 8;
    show(drawing, id, width, height, ...edges, ...boxes);
    if (x(id) + W > drawing.clientWidth) drawing.scrollLeft = x(id) - (drawing.clientWidth - W) / 2;
  }

  // Events ----------------------------------------------------------------------------------------

  let typing = 0;
  filter.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(() => { place = "table"; select(); write(); }, 120); });
  filter.addEventListener("reset", () => setTimeout(() => { order("", false); select(); write(); }));
  focus.addEventListener("input", () => { place = "graph"; draw(); write(); });
  for (const form of [filter, focus]) form.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a");
    const href = link && link.getAttribute("href");
    if (!href || !href.startsWith("#") || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (link.dataset.paper !== undefined) filter.elements.paper.value = link.dataset.paper;
    if (link.dataset.graph !== undefined) focus.elements.graph.value = link.dataset.graph;
    place = link.dataset.paper === undefined ? decodeURIComponent(href.slice(1)) : "table";
    select();
    draw();
    write(true);
    go();
  });
  let narrow = innerWidth;
  addEventListener("resize", () => { if (innerWidth !== narrow) { narrow = innerWidth; draw(); } });
  addEventListener("hashchange", apply);
  addEventListener("popstate", apply);
  addEventListener("beforeprint", () => { for (const one of $$("details:not(.latex):not([open])")) { one.open = true; one.dataset.was = ""; } });
  addEventListener("afterprint", () => { for (const one of $$("details[data-was]")) { one.open = false; delete one.dataset.was; } });

  $("#ids").append(...Object.keys(nodes).map((id) => Object.assign(document.createElement("option"), { value: id })));
  for (const one of $$(".js")) one.hidden = false;
  apply();
})();
