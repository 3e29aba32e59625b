// SPDX-License-Identifier: Apache-2.0
//
// Pages in a browser that is watched: what it complains about, asks the network for, or pops up is a fault.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
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

// The software device has another UUID for each user. Its machine file gets the one that the examples name.
const machine = path.join(folder, "machine.json");
const kUuid = /GPU-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const [named] = readFileSync(path.join(process.env.EXAMPLES, "compression-denied.json"), "utf8").match(kUuid);
const deviceFile = path.join(process.env.EXAMPLES, "../../machines/software-device.json");
writeFileSync(machine, readFileSync(deviceFile, "utf8").replaceAll(kUuid, named));

// The page that the command makes of a file, or of lists, as its address. Lists that do not reconcile are no failure.
export function pageByCommand(name, source) {
  const page = path.join(folder, `${name}.html`);
  const file = typeof source === "string" ? source : "-";
  const options = ["--machine", machine, "--html", page, "--force"];
  const { status, stderr } = spawnSync(process.env.COMMAND, ["explain", file, ...options], {
    input: JSON.stringify(source),
    encoding: "utf8",
    env: { ...process.env, OPENNVSCI_LOG: "none" },
  });
  assert.ok(status === 0 || status === 1, `${name}: exit status ${status}: ${stderr}`);
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
