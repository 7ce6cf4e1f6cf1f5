// Reads a JSON object {name: diagram} and prints {name: error} of those that Mermaid cannot parse.
import { readFileSync } from "node:fs";
import { JSDOM } from "jsdom";

const { window } = new JSDOM("<!DOCTYPE html>", { pretendToBeVisual: true });
globalThis.window = window;
globalThis.document = window.document;
const { default: mermaid } = await import("mermaid");

const errors = {};
for (const [name, diagram] of Object.entries(JSON.parse(readFileSync(0, "utf8")))) {
  try {
    await mermaid.parse(diagram);
  } catch (error) {
    errors[name] = String(error.message ?? error);
  }
}
console.log(JSON.stringify(errors));
process.exit(0);
