// The state of the page stands in the hash, so that a link shows what was seen: #ID?q=…&sort=…
(() => {
  const $ = (selector) => document.querySelector(selector);
  const $$ = (selector) => [...document.querySelectorAll(selector)];
  const nodes = JSON.parse($("#nodes").textContent);
  const rows = $$("#rows tbody tr");
  const articles = new Map($$("article.claim").map((one) => [one.dataset.id, one]));
  const pictures = $$(".pictures figure");
  const draw = graphOf(nodes, (id) => articles.has(id));
  const filter = $("#filter").elements, focus = $("#focus").elements;
  const FIELDS = ["q", "verdict", "paper", "evidence", "mark"], SHOWN = ["graph", "way", "depth"];
  const fields = [...FIELDS.map((name) => filter[name]), ...SHOWN.map((name) => focus[name])];
  const plain = new Map(rows.map((row) => [row, searched(row)]));
  let place = "";

  // What the search looks at: id, statement, source, reading, scope, cause.
  function searched(row) {
    const parts = [...articles.get(row.dataset.id).querySelectorAll(".says, .tex, .f")];
    return [row.dataset.id, ...parts.map((one) => one.textContent)].join(" ").toLowerCase();
  }

  // A picture is shown with any of its claims.
  function claimsOf(picture) {
    return [...picture.querySelectorAll("a")].map((one) => one.getAttribute("href").slice(1));
  }

  // State -----------------------------------------------------------------------------------------

  // The place is decoded here and the rest by URLSearchParams: whoever decodes twice makes `&` of
  // the search end it, and space of its `+`.
  function read() {
    const hash = location.hash.slice(1);
    const cut = hash.indexOf("?");
    if (cut < 0) return { place: decoded(hash), values: new URLSearchParams(), bare: true };
    return { place: decoded(hash.slice(0, cut)), values: new URLSearchParams(hash.slice(cut + 1)) };
  }

  // A place that was typed by hand may be no encoding at all, such as `50%`.
  function decoded(text) {
    try { return decodeURIComponent(text); } catch { return text; }
  }

  function write(push) {
    tell([]);
    const values = new URLSearchParams();
    for (const field of fields) if (field.value) values.set(field.name, field.value);
    const head = $("#rows th[aria-sort]");
    if (head) values.set("sort", (head.ariaSort === "descending" ? "-" : "") + head.dataset.key);
    const query = values.toString();
    const hash = "#" + encodeURI(place).replaceAll("?", "%3F") + (query ? "?" + query : "");
    if (hash === location.hash || (hash === "#" && !location.hash)) return;
    history[push ? "pushState" : "replaceState"](null, "", hash);
  }

  function apply() {
    const state = read();
    const unknown = [];
    if (!state.bare || !state.place) { // a bare link to a claim leaves the rest as it is
      for (const field of fields) {
        const wanted = state.values.get(field.name) || "";
        field.value = wanted;
        if (field.value === wanted) continue;
        unknown.push(`${field.labels[0].textContent}: “${wanted}”`);
        field.value = "";
      }
      const sort = state.values.get("sort") || "";
      order(sort.replace(/^-/, ""), sort.startsWith("-"));
    }
    place = state.place;
    if (place && !document.getElementById(place)) unknown.unshift(`claim or section: “${place}”`);
    select();
    redraw();
    go();
    tell(unknown);
  }

  // What the address asks for and the page has not; until something else is asked for.
  function tell(unknown) {
    const notice = $("#notice");
    notice.hidden = !unknown.length;
    notice.textContent = unknown.length ? `Not on this page: ${unknown.join("; ")}.` : "";
  }

  function go() {
    for (const one of $$("article.here")) one.classList.remove("here");
    const target = place && document.getElementById(place);
    if (!target) return;
    target.hidden = false;
    target.scrollIntoView();
    target.focus({ preventScroll: true }); // from here the keyboard goes on
    if (articles.has(place)) target.classList.add("here");
  }

  function redraw() {
    draw(focus.graph.value.trim(), focus.way.value, Number(focus.depth.value) || Infinity);
  }

  // Table -----------------------------------------------------------------------------------------

  function select() {
    const wanted = Object.fromEntries(FIELDS.map((name) => [name, filter[name].value]));
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
    for (const one of pictures) one.hidden = !claimsOf(one).some((id) => !articles.get(id).hidden);
    const none = shown ? "" : ": none fits, show all again";
    $("#count").textContent = `${shown} of ${rows.length} claims${none}`;
  }

  // A cell says by data-s what it is sorted by, if that is not its text; empty: there is no number.
  function value(cell) {
    const given = cell.dataset.s;
    return given === undefined ? cell.textContent : given === "" ? null : Number(given);
  }

  function compared(a, b) {
    return typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true });
  }

  function order(key, falling) {
    for (const one of $$("#rows th[data-key]")) one.removeAttribute("aria-sort");
    const head = key && $(`#rows th[data-key="${CSS.escape(key)}"]`);
    const sorted = [...rows];
    if (head) {
      head.ariaSort = falling ? "descending" : "ascending";
      const column = [...head.parentNode.children].indexOf(head);
      const keys = new Map(rows.map((row) => [row, value(row.children[column])]));
      sorted.sort((one, other) => {
        const a = keys.get(one), b = keys.get(other);
        if (a === null || b === null) return (a === null) - (b === null); // last, whichever way
        return falling ? compared(b, a) : compared(a, b);
      });
    }
    $("#rows tbody").append(...sorted);
  }

  for (const head of $$("#rows th[data-key]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.addEventListener("click", () => {
      order(head.dataset.key, head.ariaSort === "ascending");
      write();
    });
    head.replaceChildren(button);
  }

  // Events ----------------------------------------------------------------------------------------

  let typing = 0;
  $("#filter").addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => {
      place = "table";
      select();
      write();
    }, 120);
  });
  $("#filter").addEventListener("reset", () => setTimeout(() => { // after the fields are empty
    order("", false);
    select();
    write();
  }));
  $("#focus").addEventListener("input", () => {
    place = "graph";
    redraw();
    write();
  });
  for (const form of $$("form")) form.addEventListener("submit", (event) => event.preventDefault());

  // A link within the page keeps the filter: the browser itself would drop it from the hash.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a");
    const href = link && link.getAttribute("href");
    if (!href?.startsWith("#") || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const { paper, graph } = link.dataset;
    if (paper !== undefined) filter.paper.value = paper;
    if (graph !== undefined) focus.graph.value = graph;
    place = paper === undefined ? decoded(href.slice(1)) : "table";
    select();
    redraw();
    write(true);
    go();
  });
  addEventListener("hashchange", apply);
  addEventListener("popstate", apply);
  let wide = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth !== wide) redraw();
    wide = innerWidth;
  });

  // What is folded is printed too; where the style cannot say so, it is unfolded meanwhile.
  if (!CSS.supports("selector(::details-content)")) {
    let folded = [];
    addEventListener("beforeprint", () => {
      folded = $$("details:not(.latex):not([open])");
      for (const one of folded) one.open = true;
    });
    addEventListener("afterprint", () => { for (const one of folded) one.open = false; });
  }

  for (const id of Object.keys(nodes)) $("#ids").append(new Option(id));
  for (const one of $$(".js")) one.hidden = false;
  apply();
})();
