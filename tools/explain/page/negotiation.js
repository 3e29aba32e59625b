// SPDX-License-Identifier: Apache-2.0
//
// A negotiation as the page shows it, made of one of the file. What is missing or of a wrong type there becomes an
// empty text or an empty list here, so nothing that is drawn asks again.

const listOf = (value) => (Array.isArray(value) ? value : []);
const recordOf = (value) => (value !== null && typeof value === "object" && !Array.isArray(value) ? value : {});
const isIndexOf = (list, index) => Number.isInteger(index) && index >= 0 && index < list.length;

function textOf(value) {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "";
  return Array.isArray(value) ? value.map(textOf).join(", ") : JSON.stringify(value);
}

// Each outcome: its colour and symbol, and its word.
const kOutcomes = new Map([
  ["granted", { state: "granted", word: "as asked" }],
  ["adjusted", { state: "granted", word: "adjusted" }],
  ["default", { state: "quiet", word: "default" }],
  ["computed", { state: "quiet", word: "computed" }],
  ["denied", { state: "weakened", word: "denied" }],
  ["refused", { state: "refused", word: "refused" }],
  ["undecided", { state: "open", word: "not decided" }],
]);

// What stands behind "Refused: " for each reason code.
const kRefusals = new Map([
  ["conflict", (key) => `no agreement on ${key}`],
  ["illegal_value", (key) => `${key} has a value that is not allowed`],
  ["missing", (key) => `nobody sets ${key}`],
  ["excluded", (key) => `${key} excludes another key that is set`],
  ["inconsistent", (key) => `${key} does not fit the other keys`],
  ["unknown_gpu", (key) => `${key} names a GPU that is not here`],
  ["no_place", () => "no memory fits"],
  ["not_supported", (key) => `${key} is not supported as asked`],
  ["too_large", (key) => `${key} is too large`],
  ["roles", () => "signalers and waiters do not fit together"],
  ["no_common_primitive", () => "no primitive that all of them can use"],
]);

// "NvSciBufRawBufferAttrKey_Size" is the key Size of the group RawBuffer; those of all buffers are in none.
function namesOfKey(key) {
  const parts = /^NvSci(?:Buf|Sync)(\w*?)AttrKey_(\w+)$/.exec(key);
  if (parts === null) return { key, group: "", short: key };
  return { key, group: parts[1] === "General" ? "" : parts[1], short: parts[2] };
}

const titleOfKey = ({ group, short }) => visible(group === "" ? short : `${group} ${short}`);

function readSuggestion(raw, participants) {
  const { text, state, then, changes } = recordOf(raw);
  if (textOf(text) === "") return null;
  return {
    text: textOf(text),
    state: textOf(state),
    then: textOf(then),
    changes: listOf(changes)
      .map(recordOf)
      .filter((change) => isIndexOf(participants, change.participant))
      .map((change) => ({
        participant: change.participant,
        key: textOf(change.key),
        kind: textOf(change.change),
        text: textOf(change.text ?? change.value),
      })),
  };
}

// What more than half of several lists ask, or null.
function textOfMost(asks) {
  const counts = new Map();
  for (const { text } of asks) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].find(([, count]) => count > 1 && 2 * count > asks.length)?.[0] ?? null;
}

// Which asks of a row are what could not be granted. Of a conflict those that stand against most others, where there
// are such; else those that the suggestion would change, and those like them.
function isUnmetAsk(asks, reasonCode, suggestion, key) {
  if (reasonCode === "conflict") {
    const most = textOfMost(asks);
    return ({ text }) => text !== most;
  }
  const changed = (suggestion?.changes ?? [])
    .filter((change) => change.key === key)
    .map((change) => change.participant);
  const texts = new Set(asks.filter((ask) => changed.includes(ask.participant)).map((ask) => ask.text));
  return ({ text }) => texts.size === 0 || texts.has(text);
}

function readDecision(raw, participants) {
  const key = textOf(raw.key);
  const outcome = kOutcomes.get(raw.outcome) ?? kOutcomes.get("undecided");
  const reasonCode = textOf(raw.reason_code);
  const state = reasonCode === "downgraded" && outcome.state === "granted" ? "weakened" : outcome.state;
  // The best first; each is a way out for itself.
  const suggestions = [raw.suggestion, ...listOf(raw.other_suggestions)]
    .map((one) => readSuggestion(one, participants))
    .filter((one) => one !== null);
  const asks = listOf(raw.asks)
    .map(recordOf)
    .filter((ask) => isIndexOf(participants, ask.participant))
    .map((ask) => ({ participant: ask.participant, text: textOf(ask.text ?? ask.value) }));
  const isProblem = state === "weakened" || state === "refused";
  const isUnmet = isUnmetAsk(asks, reasonCode, suggestions[0], key);
  for (const ask of asks) ask.state = isProblem && !isUnmet(ask) ? "disputed" : state;
  return {
    ...namesOfKey(key),
    state,
    word: outcome.word,
    reasonCode,
    isProblem,
    asks,
    suggestions,
    rule: textOf(raw.rule),
    ruleText: textOf(raw.rule_text),
    granted: textOf(raw.granted_text ?? raw.granted),
    reason: textOf(raw.reason),
  };
}

// Of lists that nobody has negotiated: a row for each key that is asked.
function rowsOfAsks(participants) {
  const rows = new Map();
  participants.forEach((participant, index) => {
    for (const [key, value] of Object.entries(participant.asks)) {
      if (!rows.has(key)) {
        rows.set(key, {
          ...namesOfKey(key),
          state: "open",
          word: "not decided",
          reasonCode: "",
          isProblem: false,
          asks: [],
          suggestions: [],
          rule: "",
          ruleText: "",
          granted: "",
          reason: "",
        });
      }
      rows.get(key).asks.push({ participant: index, text: textOf(value), state: "open" });
    }
  });
  return [...rows.values()];
}

function readCall(raw) {
  const { function: name, code, file, line, program, offset } = recordOf(raw);
  const source = file ? `${textOf(file)}${line ? `:${textOf(line)}` : ""}` : "";
  const object = program ? `${textOf(program)}${offset ? ` +${textOf(offset)}` : ""}` : "";
  return { name: textOf(name), code: textOf(code), place: source || object };
}

function readReport(raw, participants) {
  const decisions = listOf(raw.decisions)
    .map(recordOf)
    .map((decision) => readDecision(decision, participants));
  const outcome = ["granted", "weakened", "refused"].includes(raw.outcome) ? raw.outcome : "open";
  const problems = decisions.filter((row) => row.isProblem);
  return {
    outcome,
    rows: decisions,
    deciding: decisions.find((row) => row.key === raw.deciding_key) ?? problems[0] ?? null,
    summary: textOf(raw.summary),
    conclusion: textOf(raw.conclusion),
    code: textOf(raw.code),
    error: textOf(raw.error),
    text: textOf(raw.text),
    places: listOf(raw.places)
      .map(recordOf)
      .map((place) => ({
        memory: textOf(place.memory),
        gpu: textOf(place.gpu),
        fits: place.fits === true,
        isChosen: place.is_chosen === true,
        reason: textOf(place.reason),
      })),
  };
}

function readNegotiation(raw) {
  const fields = recordOf(raw);
  const participants = listOf(fields.participants)
    .map(recordOf)
    .map((participant, index) => ({
      name: textOf(participant.name) || `list ${index + 1}`,
      peer: textOf(participant.peer),
      asks: recordOf(participant.asks),
    }));
  const report = fields.report
    ? readReport(recordOf(fields.report), participants)
    : {
        outcome: "open",
        rows: rowsOfAsks(participants),
        deciding: null,
        summary: "",
        conclusion: "",
        code: "",
        error: "",
        text: "",
        places: [],
      };
  const process = recordOf(fields.process);
  return {
    interface: textOf(fields.interface),
    participants,
    report,
    call: readCall(fields.call),
    time: textOf(fields.time),
    process: [textOf(process.name), textOf(process.pid)].filter(Boolean).join(", "),
    layout: textOf(fields.layout),
  };
}

// The outcome in words.
function headlineOf({ report, participants }) {
  const key = report.deciding === null ? "" : titleOfKey(report.deciding);
  if (report.outcome === "granted") return "Granted: all that was asked";
  if (report.outcome === "open") return `Not negotiated: ${plural(participants.length, "list")} and what they ask`;
  if (report.outcome === "weakened") {
    const denied = report.rows.filter((row) => row.isProblem).length;
    return denied > 1 ? `Granted, but ${denied} wishes were denied` : `Granted, but ${key || "a wish"} was denied`;
  }
  const refusal = kRefusals.get(report.deciding?.reasonCode);
  if (refusal !== undefined) return `Refused: ${refusal(key)}`;
  return key === "" ? "Refused" : `Refused because of ${key}`;
}

// The ask that decides: the one to change, or the first that differs from most others, or from those before it.
function decidingAsk({ deciding }) {
  if (deciding === null || deciding.asks.length === 0) return null;
  const changes = (deciding.suggestions[0]?.changes ?? []).filter((change) => change.key === deciding.key);
  return (
    deciding.asks.find((ask) => changes.some((change) => change.participant === ask.participant)) ??
    deciding.asks.find((ask) => ask.text !== (textOfMost(deciding.asks) ?? deciding.asks[0].text)) ??
    deciding.asks[0]
  );
}
