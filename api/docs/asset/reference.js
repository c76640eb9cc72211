// Filters the navigation, remembers the language of the samples, copies code, and highlights the current section in the
// navigation. The pages work without this script.

const filter = document.getElementById('filter');
const tags = Array.from(document.querySelectorAll('.side .tag'));

if (filter) {
  const result = document.getElementById('filter-result');
  const opened = new Map(tags.map((tag) => [tag, tag.open]));
  const links = tags.map((tag) => Array.from(tag.querySelectorAll('a[data-path]'), (link) => ({
    item: link.parentElement,
    text: [link.textContent, link.dataset.path, link.hash, tag.firstElementChild.textContent].join(' ').toLowerCase(),
  })));

  // Each word must occur in the method, the path, the summary, the operation ID or the group.
  const applyFilter = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    tags.forEach((tag, i) => {
      let here = 0;
      for (const { item, text } of links[i]) {
        item.hidden = !words.every((word) => text.includes(word));
        here += item.hidden ? 0 : 1;
      }
      tag.hidden = here === 0;
      tag.open = words.length > 0 ? here > 0 : opened.get(tag);
      found += here;
    });
    document.body.classList.toggle('filtered', words.length > 0);
    result.textContent = words.length > 0 ? `${found} operations` : '';
  };

  filter.closest('.filter').hidden = false;
  filter.addEventListener('input', applyFilter);
  filter.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') document.querySelector('.side .tag:not([hidden]) li:not([hidden]) a[data-path]')?.click();
  });
  document.addEventListener('keydown', (event) => {
    const typing = event.target.closest('input, textarea, select, [contenteditable]');
    if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    filter.focus();
  });
}

// In narrow windows, the navigation covers the page. A link within the page closes it.
const side = document.getElementById('side');
side?.addEventListener('click', (event) => {
  if (event.target.closest('a') && side.matches(':popover-open')) side.hidePopover();
});

// The selected language applies to all samples, including those of other pages.
const choose = (language) => {
  for (const choice of document.querySelectorAll('.languages input')) choice.checked = choice.value === language;
};
const languages = Array.from(document.querySelectorAll('.languages input'), (choice) => choice.value);
const stored = localStorage.getItem('language');
if (languages.includes(stored)) choose(stored);
document.addEventListener('change', (event) => {
  if (!event.target.matches('.languages input')) return;
  const before = event.target.getBoundingClientRect().top;
  choose(event.target.value);
  localStorage.setItem('language', event.target.value);
  // The height of the samples above may have changed. Keep the selected sample at its position.
  window.scrollBy({ top: event.target.getBoundingClientRect().top - before, behavior: 'instant' });
});

// Copy buttons, if the browser supports the clipboard.
if (navigator.clipboard) {
  const status = document.createElement('p');
  status.className = 'visually-hidden';
  status.setAttribute('role', 'status');
  document.body.append(status);
  for (const box of document.querySelectorAll('.samples, .example')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'copy';
    button.textContent = 'Copy';
    button.addEventListener('click', async () => {
      const code = Array.from(box.querySelectorAll('pre')).find((one) => one.checkVisibility());
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = status.textContent = 'Copied';
      } catch {
        // The browser denied access to the clipboard: select the code, so that the user can copy it.
        getSelection().selectAllChildren(code);
        button.textContent = status.textContent = 'Selected';
      }
      button.addEventListener('blur', () => { button.textContent = 'Copy'; status.textContent = ''; }, { once: true });
    });
    (box.querySelector('figcaption') ?? box.querySelector('.languages')).append(button);
  }
}

// Highlight the last section that begins in the upper third of the window or above.
const sections = Array.from(document.querySelectorAll('section[id]'));
const entries = new Map(Array.from(document.querySelectorAll('.side a'))
  .filter((link) => link.pathname === location.pathname && link.hash)
  .map((link) => [decodeURIComponent(link.hash.slice(1)), link]));
if (entries.size > 0 && sections.length > 0) {
  let marked = null;
  const mark = () => {
    const line = window.innerHeight / 3;
    const now = sections.findLast((section) => section.getBoundingClientRect().top < line && entries.has(section.id));
    const entry = now ? entries.get(now.id) : null;
    if (entry === marked) return;
    marked?.removeAttribute('aria-current');
    entry?.setAttribute('aria-current', 'location');
    if (entry?.checkVisibility() && !side.matches(':popover-open')) entry.scrollIntoView({ block: 'nearest' });
    marked = entry;
  };
  document.addEventListener('scroll', mark, { passive: true });
  mark();
}
