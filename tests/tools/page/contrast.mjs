// SPDX-License-Identifier: Apache-2.0
//
// The contrast of texts with what is behind them, as WCAG 2 defines it.

// Runs in the page: all texts that are seen with less contrast than `least`.
export function faintTexts(least) {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const rgba = (color) => {
    if (!known.has(color)) known.set(color, drawn(color));
    return known.get(color);
  };
  const drawn = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([red, green, blue]) => {
    const [r, g, b] = [red, green, blue]
      .map((channel) => channel / 255)
      .map((channel) => (channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const parentOf = (node) => node.parentElement ?? node.getRootNode().host ?? null;
  const behind = (node) => {
    for (let at = node; at !== null; at = parentOf(at)) {
      const color = rgba(getComputedStyle(at).backgroundColor);
      if (color[3] === 255) return color;
    }
    return [255, 255, 255, 255];
  };

  const faint = [];
  const look = (root) => {
    const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const text = texts.currentNode;
      const holder = text.parentElement;
      if (
        holder === null ||
        text.data.trim() === "" ||
        !holder.checkVisibility() ||
        holder.closest(".unseen, style, title")
      )
        continue;
      const style = getComputedStyle(holder);
      const values = [holder instanceof SVGElement ? style.fill : style.color]
        .map(rgba)
        .concat([behind(holder)])
        .map(luminance);
      const ratio = (Math.max(...values) + 0.05) / (Math.min(...values) + 0.05);
      if (ratio < least) faint.push(`${ratio.toFixed(2)}: ${text.data.trim().slice(0, 40)}`);
    }
    for (const host of root.querySelectorAll("*")) if (host.shadowRoot !== null) look(host.shadowRoot);
  };
  look(document.body);
  return faint;
}
