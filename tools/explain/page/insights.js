// SPDX-License-Identifier: Apache-2.0
//
// What a wish costs that was denied, or whose fulfilment put the buffer elsewhere. Figures are measured ones, or sizes
// that the design fixes, and name the document that has them; where there is none, there is no figure.

const kMachine = "one NVIDIA H100 80GB, driver 580, CUDA 13.0";

const isProblemOf =
  (name) =>
  ({ report }) =>
    report.rows.some((row) => row.short === name && row.isProblem);

const isChosen =
  (memory) =>
  ({ report }) =>
    report.places.some((place) => place.isChosen && place.memory.startsWith(memory));

const usesGpu = ({ report }) => report.rows.some((row) => row.short === "GpuId" && row.asks.length > 0);

const grantedOf = (name, { report }) => report.rows.find((row) => row.short === name)?.granted ?? "";

const isBuffer = ({ interface: name }) => name === "NvSciBuf";

const kInsights = [
  {
    title: "Without compression",
    applies: isProblemOf("EnableGpuCompression"),
    text:
      "A GPU reads constant data slower than from compressible memory, but writes faster, and mapping the buffer " +
      "takes about 10 µs less.",
    unit: "TB/s",
    bars: [
      ["read, compressible", 6.4],
      ["read, plain", 3.06],
      ["write, compressible", 2.2],
      ["write, plain", 3.15],
    ],
    source: "docs/driver-facts.md F11",
  },
  {
    title: "System memory instead of video memory",
    applies: (negotiation) => isBuffer(negotiation) && usesGpu(negotiation) && isChosen("system memory")(negotiation),
    text: "The GPU reads and writes the buffer over the bus.",
    unit: "GB/s",
    bars: [
      ["video memory", 3060],
      ["system memory", 52],
    ],
    source: "docs/driver-facts.md F11 and F14",
  },
  {
    title: "If it goes into system memory instead",
    applies: isProblemOf("VidMem_GpuId"),
    text: "A CPU sees the buffer only in system memory, and then the GPU reads and writes it over the bus.",
    unit: "GB/s",
    bars: [
      ["video memory", 3060],
      ["system memory", 52],
    ],
    source: "docs/driver-facts.md F3, F11 and F14",
  },
  {
    title: "Allocating it takes longer",
    applies: (negotiation) => isBuffer(negotiation) && usesGpu(negotiation) && isChosen("system memory")(negotiation),
    text: "Once per buffer, here of 8 MiB: the pages of system memory are cleared by the CPU and pinned for the GPU.",
    unit: "µs",
    bars: [
      ["video memory, allocated", 76],
      ["system memory, allocated and mapped", 1850],
    ],
    source: "docs/performance.md, Allocation",
  },
  {
    title: "What the GPU caches",
    applies: isProblemOf("EnableGpuCache"),
    text:
      "A discrete GPU caches its video memory and never system memory, so what it reads again from system memory " +
      "comes over the bus again. The wish does not change that: it follows from where the buffer is.",
    source: "docs/reference/nvscibuf.md 4.2",
  },
  {
    title: "A fence through system memory",
    applies: (negotiation) =>
      negotiation.interface === "NvSciSync" &&
      negotiation.report.outcome !== "refused" &&
      usesGpu(negotiation) &&
      grantedOf("NeedCpuAccess", negotiation) === "true",
    text: "The CPU takes part, so the counter is in system memory. There and back between two processes on one GPU:",
    unit: "µs",
    bars: [
      ["counter in video memory", 9.9],
      ["in system memory", 13.2],
    ],
    source: "docs/driver-facts.md F39",
  },
  {
    title: "Without timestamps",
    applies: isProblemOf("WaiterRequireTimestamps"),
    text: "Fences do not tell when they were reached. The object is smaller: timestamps take memory of their own.",
    unit: "bytes",
    bars: [
      ["counter alone", 256],
      ["with timestamps", 256 + 8192],
    ],
    source: "docs/synchronization.md",
    isOfDesign: true,
  },
  {
    title: "Without the primitive that was wished",
    applies: isProblemOf("PrimitiveInfo"),
    text: "From stream to stream on one GPU, for each hop:",
    unit: "µs",
    bars: [
      ["a CUDA event", 0.53],
      ["a word in video memory", 2.4],
      ["a word in system memory", 3.2],
    ],
    source: "docs/driver-facts.md F34",
  },
];

function barsOf({ bars, unit }) {
  if (bars === undefined) return null;
  const greatest = Math.max(...bars.map(([, value]) => value));
  return element(
    "table",
    { class: "bars" },
    element(
      "tbody",
      {},
      bars.map(([label, value]) => {
        const bar = element("span", { class: "bar-of" });
        bar.style.width = `${(100 * value) / greatest}%`;
        return element(
          "tr",
          {},
          element("th", { scope: "row" }, label),
          element("td", { class: "drawn" }, bar),
          element("td", { class: "figure" }, `${value.toLocaleString("en")} ${unit}`),
        );
      }),
    ),
  );
}

function drawInsights(negotiation) {
  const shown = kInsights.filter((insight) => insight.applies(negotiation));
  byId("insights-list").replaceChildren(
    ...shown.map((insight) =>
      element(
        "article",
        {},
        element("h3", {}, insight.title),
        element("p", {}, insight.text),
        barsOf(insight),
        element(
          "p",
          { class: "source" },
          insight.bars === undefined || insight.isOfDesign ? null : `Measured on ${kMachine}. `,
          "Source: ",
          element("cite", {}, insight.source),
        ),
      ),
    ),
  );
  byId("insights").hidden = shown.length === 0;
}
