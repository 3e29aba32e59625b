// SPDX-License-Identifier: Apache-2.0
//
// What stands around the table: the outcome, what to change, the places, the layout, the text.

function drawHeader(negotiation) {
  const { report, call, process, time, interface: name } = negotiation;
  const headline = headlineOf(negotiation);
  document.title = `${headline} – NvSci negotiation`;
  fill("kicker", [name || "NvSci", "negotiation", plural(negotiation.participants.length, "participant")].join(" · "));
  fill("headline", symbol(report.outcome), headline);
  byId("headline").className = report.outcome;
  fill("conclusion", report.conclusion && given(report.conclusion));
  fill("summary", report.summary && given(report.summary));
  const code = report.code || call.code;
  const facts = [
    ["Call", call.name],
    ["At", call.place],
    ["Code", code],
    ["Error", report.error],
    ["Process", process],
    ["Time", time],
  ].filter(([, value]) => value !== "");
  fill(
    "facts",
    facts.map(([word, value]) => element("div", {}, element("dt", {}, word), element("dd", {}, given(value)))),
  );
}

// `show(row)` goes to the row in the table.
function drawChanges({ report, participants }, show) {
  const ways = report.rows.flatMap((row) => row.suggestions.map((suggestion) => ({ row, suggestion })));
  fill(
    "changes-list",
    ways.map(({ row, suggestion }) => {
      const button = element("button", { type: "button", class: "link" }, `Show ${titleOfKey(row)} in the table`);
      button.addEventListener("click", () => show(row));
      const isOther = suggestion !== row.suggestions[0];
      return element(
        "li",
        {},
        element("p", { class: "text" }, isOther ? "Or: " : null, given(suggestion.text)),
        changesOf(suggestion, participants),
        element("p", { class: "state" }, stateOfSuggestion(suggestion), " ", button),
      );
    }),
  );
  byId("changes").hidden = ways.length === 0;
}

function drawPlaces({ report: { places } }) {
  const fitting = places.filter((place) => place.fits).length;
  byId("places-count").textContent =
    `${fitting} of ${plural(places.length, "place")} ${fitting === 1 ? "fits" : "fit"}`;
  byId("places-list").replaceChildren(
    ...places.map((place) => {
      const [state, words] = place.isChosen
        ? ["granted", "chosen"]
        : place.fits
          ? ["quiet", "fits"]
          : ["refused", "does not fit"];
      return element(
        "li",
        { class: state },
        element("p", { class: "place" }, given(place.memory, "name"), badge(state, words)),
        place.gpu === "" ? null : element("p", { class: "gpu" }, given(place.gpu, "value")),
        place.reason === "" ? null : element("p", {}, given(place.reason)),
      );
    }),
  );
  byId("places").hidden = places.length === 0;
}

// What a drawing of memory consists of. Anything else that the text holds stays away, and so does what could be run.
const kDrawn = new Set(["svg", "g", "defs", "pattern", "rect", "line", "path", "text", "tspan", "title", "style"]);

// The drawing has a style of its own, which holds in its shadow tree only.
function drawLayout({ layout }) {
  const parsed = layout === "" ? null : new DOMParser().parseFromString(layout, "image/svg+xml").documentElement;
  const isDrawing = parsed !== null && parsed.localName === "svg";
  byId("layout").hidden = !isDrawing;
  if (!isDrawing) return;
  for (const part of [parsed, ...parsed.querySelectorAll("*")]) {
    if (!kDrawn.has(part.localName)) part.remove();
    for (const name of part.getAttributeNames()) if (/^on|href$/i.test(name)) part.removeAttribute(name);
  }
  const host = element("div");
  const style = element(
    "style",
    {},
    `
    svg { display: block; width: 100%; height: auto; min-width: 44rem; }
    svg > rect[fill="#ffffff"] { fill: none; }
    @media screen and (prefers-color-scheme: dark) {
      text { fill: #e4e9ef; } .quiet { fill: #a3afbd; } .frame, .fields { stroke: #e4e9ef; }
      .leader { stroke: #6b7785; } .field { stroke: #1a2028; }
      pattern rect:first-child { fill: #242c36; } pattern rect:last-child { fill: #4a5665; }
    }
    @media print { svg { min-width: 0; } }`,
  );
  host.attachShadow({ mode: "open" }).append(document.importNode(parsed, true), style);
  byId("drawing").replaceChildren(host);
}

function drawText({ report: { text } }) {
  fill("report-text", text && given(text));
  byId("report").hidden = text === "";
}

// On paper nobody can ask a cell for its reason.
function drawPrinted({ report }) {
  const rows = report.rows.filter((row) => row.reason !== "" && (row.isProblem || row.asks.length > 0));
  fill(
    "printed-list",
    rows.flatMap((row) => [
      element("dt", {}, badge(row.state, row.word), ` ${titleOfKey(row)}`),
      element("dd", {}, given(row.reason)),
    ]),
  );
}

function drawNegotiations(negotiations, chosen, choose) {
  byId("negotiations").hidden = negotiations.length < 2;
  if (negotiations.length < 2) return;
  byId("negotiations-title").textContent = `${negotiations.length} negotiations`;
  byId("negotiations-list").replaceChildren(
    ...negotiations.map((negotiation, index) => {
      const { report, call, process, time } = negotiation;
      const button = element(
        "button",
        { type: "button", "aria-current": index === chosen ? "true" : null },
        symbol(report.outcome),
        element("span", { class: "name" }, headlineOf(negotiation)),
        element("span", { class: "where" }, given([call.name, call.place, process, time].filter(Boolean).join(" · "))),
      );
      button.addEventListener("click", () => choose(index));
      return element("li", {}, button);
    }),
  );
}
