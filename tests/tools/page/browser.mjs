// SPDX-License-Identifier: Apache-2.0
//
// Pages in a browser that is watched: what it complains about, asks the network for, or pops up is a fault.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const folder = process.env.FOLDER;
const { chromium } = createRequire(path.join(folder, "package.json"))("playwright-core");
const samples = path.dirname(fileURLToPath(import.meta.url));

export const sampleFile = (name) => path.join(samples, name);

// The page of these files, or of these negotiations, as its address.
export function pageOf(name, ...sources) {
  const files = sources.map((source, index) => {
    if (typeof source === "string") return source;
    const file = path.join(folder, `${name}-${index}.json`);
    writeFileSync(file, JSON.stringify(source));
    return file;
  });
  const page = path.join(folder, `${name}.html`);
  execFileSync(process.env.RENDER, [page, ...files]);
  return pathToFileURL(page).href;
}

let browser = null;

export async function startBrowser() {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM });
}

export const endBrowser = () => browser.close();

export const kWide = { width: 1400, height: 900 };
export const kMiddle = { width: 800, height: 1000 };
export const kNarrow = { width: 360, height: 740 };

// Opens the page, lets `look` look at it, and says if there was a fault. Options are those of a browser context.
export async function open(address, options, look) {
  const context = await browser.newContext({ viewport: kWide, ...options });
  const faults = [];
  const page = await context.newPage();
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(address.split("#")[0])) faults.push(`request: ${request.url()}`);
  });
  try {
    await page.goto(address);
    await look(page);
  } finally {
    await context.close();
  }
  assert.deepEqual(faults, []);
}
