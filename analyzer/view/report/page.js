// SPDX-License-Identifier: Apache-2.0
//
// Without this script the page says the same; it adds the search, and opens all for the printer.
'use strict';
(() => {
  const form = document.getElementById('search');
  const alerts = Array.from(document.querySelectorAll('details.alert'));
  if (form !== null) {
    const text = document.getElementById('text');
    const least = document.getElementById('least');
    const found = document.getElementById('found');
    const ranks = ['informational', 'low', 'medium', 'high', 'critical'];
    const texts = alerts.map((alert) => alert.textContent.toLowerCase());
    form.hidden = false;
    const choose = () => {
      const words = text.value.toLowerCase().split(/\s+/).filter((word) => word !== '');
      const from = ranks.indexOf(least.value);
      let shown = 0;
      alerts.forEach((alert, i) => {
        const fits = ranks.indexOf(alert.dataset.severity) >= from && words.every((word) => texts[i].includes(word));
        alert.hidden = !fits;
        if (fits) shown += 1;
      });
      found.textContent = `${shown} of ${alerts.length} shown`;
    };
    form.addEventListener('input', choose);
    form.addEventListener('submit', (event) => event.preventDefault());
    choose();
  }
  const all = Array.from(document.querySelectorAll('details'));
  let open = [];
  window.addEventListener('beforeprint', () => {
    open = all.map((one) => one.open);
    all.forEach((one) => { one.open = true; });
  });
  window.addEventListener('afterprint', () => all.forEach((one, i) => { one.open = open[i]; }));
})();
