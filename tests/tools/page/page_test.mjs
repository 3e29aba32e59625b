// SPDX-License-Identifier: Apache-2.0
//
// The page of `opennvsci explain --html` in a browser: that it opens on the cell that decides, that every reason can be
// reached in every way, that it is readable wherever it is shown, and that nothing in a file does anything.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import {
  endBrowser,
  kMiddle,
  kNarrow,
  kWide,
  open,
  pageByCommand,
  pageOf,
  sampleFile,
  startBrowser,
} from "./browser.mjs";
import { faintTexts } from "./contrast.mjs";

const kLeastContrast = 4.5;
const kSizes = [kWide, kMiddle, kNarrow];

// What the tool draws of a buffer has the same elements and classes.
const kLayout = path.join(process.env.FOLDER, "layout.svg");
writeFileSync(
  kLayout,
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 600" width="1000" height="600">
  <style>text { font-size: 13px; fill: #1d2733; } .quiet { fill: #66717f; }</style>
  <rect width="1000" height="600" fill="#ffffff"/>
  <text class="title" x="32" y="42">image</text> <text class="quiet" x="32" y="64">4096 bytes</text>
  <script>alert("drawn")</script> <image href="http://192.0.2.1/x.png"/>
  <rect class="used" x="190" y="104" width="300" height="400" fill="#3d6fb4"/></svg>`,
);
const kArmedLayout = path.join(process.env.FOLDER, "armed_layout.svg");
writeFileSync(kArmedLayout, readFileSync(kLayout, "utf8").replace('class="used"', 'class="used" onclick="alert(1)"'));

// 64 participants with 40 keys: one in the middle refuses.
function manyLists() {
  const keys = Array.from({ length: 40 }, (_, key) => `NvSciBufImageAttrKey_Key${key}`);
  const participants = Array.from({ length: 64 }, (_, index) => ({ name: `stage ${index}`, asks: {} }));
  const decisions = keys.map((key, row) => {
    const asks = participants.map((_, index) => ({
      participant: index,
      text: row === 25 && index === 40 ? "4096" : "1920, 960",
    }));
    const outcome = row < 25 ? "granted" : row === 25 ? "refused" : "undecided";
    return {
      key,
      outcome,
      reason_code: row === 25 ? "conflict" : "none",
      asks,
      reason: `the reason of ${key}`,
      granted_text: "unset",
    };
  });
  return {
    format_version: 1,
    interface: "NvSciBuf",
    participants,
    report: { outcome: "refused", summary: "", conclusion: "", deciding_key: keys[25], decisions },
  };
}

const kNotNegotiated = {
  interface: "NvSciBuf",
  participants: [
    { name: "camera", asks: { NvSciBufRawBufferAttrKey_Size: 4096 } },
    { asks: { NvSciBufRawBufferAttrKey_Align: 256 } },
  ],
};

const conflict = pageOf("conflict", sampleFile("size_conflict.json"));
const denied = pageOf("denied", sampleFile("compression_denied.json"), kLayout);
const signalers = pageOf("signalers", sampleFile("two_signalers.json"));
const hostile = pageOf("hostile", sampleFile("hostile.json"));
const many = pageOf("many", manyLists());
const several = pageOf(
  "several",
  kNotNegotiated,
  sampleFile("compression_denied.json"),
  sampleFile("two_signalers.json"),
);
const lists = pageOf("lists", kNotNegotiated);
const apart = pageByCommand("apart", {
  format_version: 1,
  interface: "NvSciBuf",
  participants: [
    {
      name: "camera",
      asks: { NvSciBufGeneralAttrKey_Types: "RawBuffer", NvSciBufRawBufferAttrKey_Size: 4096 },
    },
    { name: "inference", asks: { NvSciBufGeneralAttrKey_Types: "Tensor" } },
  ],
});
const kExamples = readdirSync(process.env.EXAMPLES).filter((file) => file.endsWith(".json"));
const examples = Object.fromEntries(
  kExamples.map((file) => [file, pageByCommand(path.basename(file, ".json"), path.join(process.env.EXAMPLES, file))]),
);
const pages = { conflict, denied, signalers, hostile, many, several, lists, apart, ...examples };

const focused = (page) => page.evaluate(() => document.activeElement.textContent);
const reason = (page) => page.locator("#reason-text").textContent();
const textOf = (page, selector) => page.locator(selector).textContent();

before(startBrowser);
after(endBrowser);

test("opens on the cell that decides, which is seen and has the focus", async () => {
  const deciding = {
    conflict: "encoder8192",
    denied: "detectorGPU-0011…eeff",
    signalers: "detectorSignalOnly",
    many: "stage 404096",
  };
  for (const [name, text] of Object.entries(deciding)) {
    for (const viewport of kSizes) {
      await open(pages[name], { viewport }, async (page) => {
        assert.ok((await focused(page)).startsWith(text), `${name} at ${viewport.width}: ${await focused(page)}`);
        const isSeen = await page.evaluate(() => {
          const box = document.activeElement.getBoundingClientRect();
          const points = [
            [box.left + 3, box.top + 3],
            [box.right - 3, box.bottom - 3],
          ];
          return points.every(([x, y]) => document.activeElement.contains(document.elementFromPoint(x, y)));
        });
        assert.ok(isSeen, `${name} at ${viewport.width}: something is in front of the cell`);
      });
    }
  }
});

test("a key that nobody asks for decides by its decision", async () => {
  const missing = {
    interface: "NvSciBuf",
    participants: [{ name: "camera", asks: {} }],
    report: {
      outcome: "refused",
      deciding_key: "NvSciBufGeneralAttrKey_Types",
      decisions: [
        {
          key: "NvSciBufGeneralAttrKey_Types",
          outcome: "refused",
          reason_code: "missing",
          asks: [],
          reason: "it is mandatory",
        },
      ],
    },
  };
  await open(pageOf("missing", missing), {}, async (page) => {
    assert.match(await focused(page), /refused/);
    assert.equal(await textOf(page, "#headline"), "Refused: nobody sets Types");
    assert.match(await reason(page), /it is mandatory/);
  });
});

test("where most agree, the one that does not decides, even if it is the first", async () => {
  const key = "NvSciBufRawBufferAttrKey_Size";
  const asks = ["1", "2", "2"].map((text, participant) => ({ participant, text }));
  const alone = {
    participants: asks.map(({ text }) => ({ name: `list of ${text}` })),
    report: {
      outcome: "refused",
      deciding_key: key,
      decisions: [{ key, outcome: "refused", reason_code: "conflict", asks }],
    },
  };
  await open(pageOf("alone", alone), {}, async (page) => {
    assert.match(await focused(page), /^list of 11, refused/);
    assert.equal(await page.locator("#matrix .ask .symbol").count(), 1);
  });
});

// What each file of examples/negotiations is there for; a new one is missing here.
const kHeadlines = {
  "compression-denied.json": "Granted, but EnableGpuCompression was denied",
  "differing-sizes.json": "Refused: no agreement on RawBuffer Size",
  "formats.json": "Refused: no agreement on Image PlaneColorFormat",
  "missing-key.json": "Refused: nobody sets RawBuffer Size",
  "no-common-primitive.json": "Refused: no primitive that all of them can use",
  "no-waiter.json": "Refused: signalers and waiters do not fit together",
  "peer-in-conflict.json": "Refused: no agreement on RawBuffer Size",
  "plane-counts.json": "Refused: no agreement on Image PlaneCount",
  "surface-and-planes.json": "Refused: Image SurfType excludes another key that is set",
  "two-signalers.json": "Refused: signalers and waiters do not fit together",
  "unknown-gpu.json": "Refused: GpuId names a GPU that is not here",
  "video-memory-and-cpu.json": "Refused: no memory fits",
};

test("each example opens on its reason, and says what to change", async () => {
  assert.deepEqual(kExamples.sort(), Object.keys(kHeadlines));
  for (const [file, address] of Object.entries(examples)) {
    await open(address, {}, async (page) => {
      assert.equal(await textOf(page, "#headline"), kHeadlines[file], file);
      assert.match(await reason(page), /To change/, file);
      assert.equal(await page.locator("#matrix td:focus, #matrix th:focus").count(), 1, file);
    });
  }
});

test("a list that is to be left apart is not told to set something", async () => {
  await open(apart, {}, async (page) => {
    for (const text of [await reason(page), await textOf(page, "#changes")]) {
      assert.match(text, /inference: negotiate its list apart from the others/);
      assert.ok(!/: set /.test(text), text);
    }
  });
});

test("asks and rule of a conflict are told once", async () => {
  await open(examples["differing-sizes.json"], {}, async (page) => {
    const text = await reason(page);
    assert.equal(text.match(/every list that sets it must give the same value/g).length, 1, text);
    assert.ok(!/asks 4096, /.test(text), text);
  });
});

test("every reason is reached by the keyboard alone", async () => {
  for (const viewport of kSizes) {
    await open(denied, { viewport }, async (page) => {
      await page.keyboard.press("Shift+Tab");
      const isAll = () => page.evaluate(() => document.activeElement.value === "all");
      for (let step = 0; step < 3 && !(await isAll()); ++step) await page.keyboard.press("ArrowRight");
      assert.ok(await isAll(), "the filter is in front of the table");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Control+Home");
      const seen = new Set();
      for (let previous = null, now = await reason(page); now !== previous; previous = now, now = await reason(page)) {
        seen.add(await textOf(page, "#reason-text"));
        await page.keyboard.press("ArrowDown");
      }
      const { report } = JSON.parse(readFileSync(sampleFile("compression_denied.json"), "utf8"));
      for (const decision of report.decisions) {
        const isThere = [...seen].some((text) => text.includes(decision.reason) && text.includes(decision.key));
        assert.ok(isThere, `${decision.key} at ${viewport.width}`);
      }
    });
  }
});

test("the arrow keys reach every cell of a row, and stop at its ends", async () => {
  await open(conflict, {}, async (page) => {
    await page.keyboard.press("Home");
    const row = [await focused(page)];
    for (let step = 0; step < 9; ++step) {
      await page.keyboard.press("ArrowRight");
      if ((await focused(page)) !== row.at(-1)) row.push(await focused(page));
    }
    assert.deepEqual(row, [
      "Size RawBuffer",
      "camera4096, refused",
      "encoder8192, refuseddecides",
      "not asked",
      "grantedunset",
      "refused",
    ]);
    assert.equal(await page.locator('#matrix [tabindex="0"]').count(), 1);
  });
});

test("Enter goes to the reason and Escape comes back to the cell", async () => {
  await open(conflict, {}, async (page) => {
    const cell = await focused(page);
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "reason");
    await page.keyboard.press("Escape");
    assert.equal(await focused(page), cell);
  });
});

test("the pointer shows a reason and gives it back", async () => {
  await open(conflict, {}, async (page) => {
    await page.getByRole("gridcell", { name: "256" }).first().hover();
    assert.match(await reason(page), /encoder asks 256/);
    await page.locator("h1").hover();
    assert.match(await reason(page), /4096 by camera.*8192 by encoder/);
  });
});

test("a tap shows a reason, which is spoken too", async () => {
  await open(denied, { viewport: kNarrow, hasTouch: true, isMobile: true }, async (page) => {
    await page.locator("#filter label", { hasText: "Asked" }).tap();
    await page.locator("#matrix td", { hasText: "Readonly" }).tap();
    assert.match(await reason(page), /logger asks Readonly/);
    assert.match(await textOf(page, "#spoken"), /RequiredPerm, as asked\. the greatest of the two/);
  });
});

test("states differ in symbol and word, not in colour alone", async () => {
  await open(denied, {}, async (page) => {
    const badges = await page
      .locator("#matrix .badge")
      .evaluateAll((all) =>
        all.map((badge) => `${badge.textContent}: ${badge.querySelector("use").getAttribute("href")}`),
      );
    assert.ok(
      badges.includes("as asked: #symbol-granted") && badges.includes("denied: #symbol-weakened"),
      badges.join(),
    );
    const pattern = (state) =>
      page
        .locator(`#matrix .ask.${state}`)
        .first()
        .evaluate((cell) => getComputedStyle(cell).backgroundImage);
    assert.notEqual(await pattern("granted"), await pattern("weakened"));
  });
});

test("no page scrolls sideways on a telephone", async () => {
  for (const [name, address] of Object.entries(pages)) {
    await open(address, { viewport: kNarrow }, async (page) => {
      const widths = await page.evaluate(() => [document.documentElement.scrollWidth, document.body.scrollWidth]);
      assert.deepEqual(widths, [kNarrow.width, kNarrow.width], name);
    });
  }
});

test("texts have contrast, in light and in dark", async () => {
  for (const [name, address] of Object.entries(pages)) {
    await open(address, {}, async (page) => {
      if (name === "denied") await page.locator("#filter label", { hasText: "All keys" }).click();
      for (const colorScheme of ["light", "dark"]) {
        await page.emulateMedia({ colorScheme });
        assert.deepEqual(await page.evaluate(faintTexts, kLeastContrast), [], `${name}, ${colorScheme}`);
      }
    });
  }
});

test("a faint text would be found", async () => {
  await open(conflict, { colorScheme: "light" }, async (page) => {
    await page.locator("#summary").evaluate((summary) => {
      summary.style.color = "#999";
    });
    assert.equal((await page.evaluate(faintTexts, kLeastContrast)).length, 1);
  });
});

test("the network is out of reach, and asking for it would be found", async () => {
  const ask = (page) => page.evaluate(() => fetch("http://192.0.2.1/").catch(() => {}));
  await assert.rejects(open(conflict, {}, ask), /violates the following Content Security Policy/);
});

test("hostile texts are shown as texts", async () => {
  await open(hostile, {}, async (page) => {
    const text = await page.locator("body").innerText();
    for (const part of [
      "</script><script>alert(1)</script>",
      "a\"b'c&lt;",
      "<img src=http://192.0.2.1/x onerror=alert(1)>",
      "<!-- <b>bold",
      "⟨U+202E⟩gnp.exe⟨U+0007⟩",
      "<svg onload=alert(1)>",
      "שלום",
    ]) {
      assert.ok(text.includes(part), part);
    }
    assert.ok(!/[\u202a-\u202e\u2066-\u2069]/.test(text), "a character turns the direction of what follows");
    assert.equal(await page.locator("img, b, i, [onload], [onerror], [onfocus]").count(), 0);
    assert.equal(await page.locator("script").count(), 2);
  });
});

test("a layout is drawn, and only drawn", async () => {
  await open(denied, {}, async (page) => {
    assert.equal(await page.locator("#drawing svg .used").count(), 1);
    assert.equal(await page.locator("#drawing script, #drawing image").count(), 0);
  });
  // The browser tells that it did not take a handler, and that is all that happens.
  const armed = pageOf("armed", sampleFile("compression_denied.json"), kArmedLayout);
  await assert.rejects(
    open(armed, {}, (page) => page.locator("#drawing svg .used").click()),
    ({ message }) => /event handler violates/.test(message) && !/dialog|request|error:/.test(message),
  );
});

test("of several negotiations one is chosen, and its address opens it again", async () => {
  await open(several, {}, async (page) => {
    assert.equal(await textOf(page, "#headline"), "Refused: signalers and waiters do not fit together");
    await page.locator("#negotiations button").nth(1).focus();
    await page.keyboard.press("Enter");
    assert.equal(await textOf(page, "#headline"), "Granted, but EnableGpuCompression was denied");
    assert.match(await reason(page), /a list asks for CPU access/);
    await page.reload();
    assert.equal(await textOf(page, "#headline"), "Granted, but EnableGpuCompression was denied");
  });
});

test("what to change says how sure it is, and leads to its row", async () => {
  await open(conflict, {}, async (page) => {
    const text = await textOf(page, "#changes");
    assert.match(text, /encoder: leave out NvSciBufRawBufferAttrKey_Size/);
    assert.match(text, /tried: then it reconciles.*becomes 4096/);
    await page.getByRole("button", { name: "Show RawBuffer Size" }).click();
    assert.match(await focused(page), /8192/);
  });
  await open(signalers, {}, async (page) => assert.match(await textOf(page, "#changes"), /needs a value from you/));
});

test("a cost names its figure and its source", async () => {
  await open(denied, {}, async (page) => {
    const text = await textOf(page, "#insights");
    assert.match(text, /6\.4 TB\/s.*driver-facts\.md F11/);
    assert.match(text, /52 GB\/s.*F14/);
  });
  await open(conflict, {}, async (page) => assert.ok(await page.locator("#insights").isHidden()));
});

test("lists that nobody negotiated, and a file without any, say so", async () => {
  await open(lists, {}, async (page) => {
    assert.equal(await textOf(page, "#headline"), "Not negotiated: 2 lists and what they ask");
    assert.match(await reason(page), /camera asks 4096/);
    assert.equal(await page.locator("#matrix thead .participant").nth(1).textContent(), "list 2");
  });
  await open(pageOf("empty"), {}, async (page) =>
    assert.equal(await textOf(page, "#notice"), "The file has no negotiation."),
  );
});

test("paper has the reasons that nobody can point at there", async () => {
  await open(denied, {}, async (page) => {
    assert.ok(await page.locator("#printed").isHidden());
    await page.emulateMedia({ media: "print" });
    assert.ok(await page.locator("#printed").isVisible());
    assert.match(await page.locator("#printed").innerText(), /a list asks for CPU access/);
    assert.ok(await page.locator("#filter").isHidden());
  });
});
