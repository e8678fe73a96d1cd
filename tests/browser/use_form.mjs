// Uses items' forms as a person would, in the Chromium that is its argument: {"form", "steps"} in JSON a line in, a list
// with the answer of each step a line out, or {"error"}. A step may have several of these:
//
// {"fill": {"<field>": value}}  types, ticks, chooses (by the words shown) or uploads ({"name", "type", "text"})
// {"look": true}                -> {"<field>": what it shows} for each field that is there
// {"label": true}               -> {"<field>": its label} for each field that has one
// {"submit": true}              -> {"data": what the form gives, or null, "errors": {"<field>": [what is told]}}

import readline from "node:readline";
import { fileURLToPath } from "node:url";

import esbuild from "esbuild";
import { chromium } from "playwright-core";

const SECONDS = 1000;
const BROWSER_ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

async function pageScript() {
  const built = await esbuild.build({
    entryPoints: [fileURLToPath(new URL("form_page.jsx", import.meta.url))],
    bundle: true,
    write: false,
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"production"' },
  });
  return built.outputFiles[0].text;
}

async function open(form) {
  // Not UTC, so that what forms make of local times is seen.
  const page = await browser.newPage({ timezoneId: "Europe/Berlin", locale: "en-GB" });
  page.setDefaultTimeout(20 * SECONDS);
  await page.setContent('<div id="form"></div>');
  await page.evaluate((given) => {
    window.form = given;
  }, form);
  await page.addScriptTag({ content: script });
  await page.waitForSelector("form");
  return page;
}

async function fillOne(page, field, value) {
  const input = page.locator(`#root_${field}`);
  const kind = await input.evaluate((element) => element.type ?? "group");
  if (kind === "checkbox") {
    await input.setChecked(value);
  } else if (kind === "file") {
    await input.setInputFiles({ name: value.name, mimeType: value.type, buffer: Buffer.from(value.text) });
    await page.locator(".file-info").filter({ hasText: value.name }).waitFor();
  } else if (kind.startsWith("select")) {
    await input.selectOption([value].flat().map((label) => ({ label })));
  } else if (kind === "group") {
    for (const choice of await input.locator("label").all()) {
      const chosen = [value].flat().includes(await choice.innerText());
      const box = choice.locator("input");
      if (chosen || (await box.getAttribute("type")) === "checkbox") {
        await box.setChecked(chosen);
      }
    }
  } else {
    await input.fill(String(value));
  }
}

function look(page) {
  return page.evaluate(() => {
    const shown = (element) => {
      if (element.type === "checkbox") {
        return element.checked;
      }
      if (element.tagName === "SELECT") {
        return [...element.selectedOptions].map((option) => option.text);
      }
      if (element.tagName === "DIV") {
        return [...element.querySelectorAll("input:checked")].map((input) => input.closest("label").innerText);
      }
      return element.value;
    };
    const fields = [...document.querySelectorAll("[id^=root_]")].filter((one) => /^root(_[a-z0-9]+)+$/.test(one.id));
    return Object.fromEntries(fields.map((element) => [element.id.slice("root_".length), shown(element)]));
  });
}

function labels(page) {
  return page.evaluate(() => {
    const found = [...document.querySelectorAll("label[for^=root_]")].filter((one) => !one.htmlFor.includes("-"));
    return Object.fromEntries(found.map((label) => [label.htmlFor.slice("root_".length), label.innerText]));
  });
}

async function submit(page) {
  await page.evaluate(() => {
    window.submitted = null;
  });
  await page.getByRole("button", { name: "Submit" }).click();
  await settled(page);
  return page.evaluate(() => {
    const errors = {};
    const tell = (element, words) => (errors[element.closest("[id^=root_]").id.slice("root_".length)] = words);
    for (const list of document.querySelectorAll("[id$=__error]")) {
      const words = [...list.querySelectorAll("li")].map((line) => line.innerText).filter(Boolean);
      errors[list.id.slice("root_".length, -"__error".length)] = words;
    }
    for (const input of document.querySelectorAll("input:invalid, textarea:invalid, select:invalid")) {
      tell(input, [input.validationMessage]);
    }
    return { data: window.submitted, errors };
  });
}

function settled(page) {
  return page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

async function take(page, step) {
  for (const [field, value] of Object.entries(step.fill ?? {})) {
    await fillOne(page, field, value);
  }
  await settled(page);
  if (step.look) {
    return look(page);
  }
  if (step.label) {
    return labels(page);
  }
  return step.submit ? submit(page) : null;
}

async function answer({ form, steps }) {
  const page = await open(form);
  const failed = new Promise((_, reject) => page.on("pageerror", reject));
  try {
    const answers = [];
    for (const step of steps) {
      answers.push(await Promise.race([take(page, step), failed]));
    }
    return answers;
  } catch (error) {
    return { error: String(error) };
  } finally {
    await page.close();
  }
}

const script = await pageScript();
const browser = await chromium.launch({
  executablePath: process.argv[2],
  args: BROWSER_ARGUMENTS,
  timeout: 60 * SECONDS,
});
for await (const line of readline.createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
}
await browser.close();
