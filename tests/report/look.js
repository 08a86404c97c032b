// SPDX-License-Identifier: Apache-2.0
//
// Opens reports in a real browser: pictures of a desktop, a phone, the dark scheme and paper; what axe-core
// says; whether anything ran or was loaded that should not.
//
// usage: node look.js CHROMIUM FOLDER-FOR-PICTURES REPORT...
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { chromium } = require('playwright-core');

const axeSource = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const LOOKS = {
  desktop: { viewport: { width: 1280, height: 900 }, colorScheme: 'light' },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: 'light', deviceScaleFactor: 2 },
  dark: { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' },
};

async function look(browser, report, pictures, fail) {
  const name = path.basename(report, '.html');
  for (const [look, options] of Object.entries(LOOKS)) {
    // The checker is put into the page from outside, which the page's policy does not allow.
    const context = await browser.newContext({ ...options, bypassCSP: false });
    const page = await context.newPage();
    page.on('dialog', (dialog) => { fail(`${name}: a dialog said ${dialog.message()}`); dialog.dismiss(); });
    page.on('pageerror', (error) => fail(`${name}: ${error.message}`));
    page.on('console', (message) => { if (message.type() === 'error') fail(`${name}: ${message.text()}`); });
    page.on('request', (request) => {
      if (request.url() !== pathToFileURL(report).href) fail(`${name}: asks for ${request.url()}`);
    });
    await page.goto(pathToFileURL(report).href);
    const alerts = page.locator('details.alert');
    if (await alerts.count() > 0) {
      // The search works, and an alert opens with the keyboard alone.
      await page.getByLabel('Search').fill('no such alert anywhere');
      if (!(await page.locator('#found').textContent()).startsWith('0 of')) fail(`${name}: the search finds too much`);
      await page.getByLabel('Search').fill('');
      await alerts.first().locator('> summary').focus();
      await page.keyboard.press('Enter');
      if (!await alerts.first().evaluate((alert) => alert.open)) fail(`${name}: an alert does not open`);
    }
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    if (wide) fail(`${name}, ${look}: the page is wider than its window`);
    await page.screenshot({ path: path.join(pictures, `${name}-${look}.png`), fullPage: false });
    await page.locator('#alerts').scrollIntoViewIfNeeded();
    await page.screenshot({ path: path.join(pictures, `${name}-${look}-alerts.png`), fullPage: false });
    await context.close();

    const checked = await browser.newContext({ ...options, bypassCSP: true });
    const second = await checked.newPage();
    await second.goto(pathToFileURL(report).href);
    await second.evaluate(() => document.querySelectorAll('details').forEach((one, i) => { one.open = i < 8; }));
    await second.addScriptTag({ content: axeSource });
    const result = await second.evaluate(() => globalThis.axe.run());
    for (const violation of result.violations) {
      const where = violation.nodes.slice(0, 3).map((node) => node.target.join(' ')).join(', ');
      const text = `${name}, ${look}: ${violation.impact}: ${violation.help} (${violation.nodes.length}: ${where})`;
      if (['serious', 'critical'].includes(violation.impact)) fail(text);
      else console.log(text);
    }
    console.log(`${name}, ${look}: ${result.passes.length} rules of axe-core hold, ${result.violations.length} do not`);
    await checked.close();
  }
  const paper = await browser.newContext();
  const page = await paper.newPage();
  await page.goto(pathToFileURL(report).href);
  await page.pdf({ path: path.join(pictures, `${name}.pdf`), format: 'A4' });
  await paper.close();
}

async function main([program, pictures, ...reports]) {
  const failures = [];
  const browser = await chromium.launch({
    executablePath: program,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update',
      '--disable-sync', '--no-first-run'],
  });
  for (const report of reports) await look(browser, report, pictures, (text) => failures.push(text));
  await browser.close();
  for (const failure of failures) console.log(`FAIL ${failure}`);
  console.log(`${reports.length} reports, ${failures.length} failures`);
  process.exit(failures.length === 0 ? 0 : 1);
}

main(process.argv.slice(2));
